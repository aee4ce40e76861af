import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaProps } from "react-aria-components";
import styles from "./button.module.css";
import { Tip } from "./tooltip";

export type Look = "primary" | "quiet" | "plain" | "danger";

interface Shared {
  look?: Look;
  size?: "s" | "m";
  icon?: ReactNode;
  children?: ReactNode;
}

export type ButtonProps = Omit<AriaProps, "children" | "className" | "style"> & Shared;

/** `primary` once on a screen; `quiet` has a border, `plain` none; `danger` for what cannot be undone. */
export function Button({ look = "quiet", size = "m", icon, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={classes(look, size)}>
      {icon}
      {children !== undefined && <span className={styles.label}>{children}</span>}
    </AriaButton>
  );
}

export type IconButtonProps = Omit<ButtonProps, "children" | "icon" | "aria-label"> & {
  /** Read out, and shown as a tip. */
  label: string;
  icon: ReactNode;
};

/** A button that is an icon; its name is read out and shown on hover and focus. */
export function IconButton({ label, look = "plain", size = "m", icon, ...rest }: IconButtonProps) {
  return (
    <Tip text={label}>
      <AriaButton {...rest} aria-label={label} className={`${classes(look, size)} ${styles.square}`}>
        {icon}
      </AriaButton>
    </Tip>
  );
}

/** An address that looks like a button. */
export function LinkButton({
  look = "quiet",
  size = "m",
  icon,
  children,
  ...rest
}: Omit<LinkProps, "children"> & Shared) {
  return (
    <Link {...(rest as LinkProps)} className={classes(look, size)}>
      {icon}
      <span className={styles.label}>{children}</span>
    </Link>
  );
}

function classes(look: Look, size: "s" | "m"): string {
  return `${styles.button} ${styles[look]} ${size === "s" ? styles.small : ""}`;
}
