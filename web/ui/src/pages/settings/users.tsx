import { useQuery } from "@tanstack/react-query";
import { Ban, Link2, LogOut, MoreHorizontal, Pencil, Plus, Trash2, Unlink, Users } from "lucide-react";
import { useState } from "react";
import { queries } from "~/api/queries";
import { useSession } from "~/api/session";
import {
  changeUser,
  removeUser,
  renewInvitation,
  settingsQuery,
  signOutUser,
  unbindUser,
  usersQuery,
} from "~/api/settings";
import type { User } from "~/api/types";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Confirm, Dialog } from "~/ui/dialog";
import { Empty } from "~/ui/empty";
import { Code } from "~/ui/json";
import { Menu } from "~/ui/menu";
import { Loaded } from "~/ui/page";
import { Badge } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { RoleName } from "./roles";
import styles from "./settings.module.css";
import { UserDialog } from "./user";

/** People who work here. */
export function UsersTab() {
  const t = useText();
  const users = useQuery(usersQuery);
  const [editing, setEditing] = useState<User | "new" | null>(null);
  const columns: Column<User>[] = [
    {
      id: "name",
      name: t("users.name"),
      width: "minmax(160px, 2fr)",
      cell: (user) => (
        <span className={styles.lines}>
          <bdi className={styles.strong}>{user.name}</bdi>
          <bdi className={styles.quiet}>{user.email}</bdi>
          <BoundTo issuer={user.bound_to} />
        </span>
      ),
    },
    {
      id: "role",
      name: t("users.role"),
      width: "minmax(110px, 1.2fr)",
      cell: (user) => <RoleName role={user.role} publisher={user.publisher} />,
    },
    {
      id: "state",
      name: t("flows.state"),
      width: "minmax(110px, 1fr)",
      wide: true,
      cell: (user) => <State user={user} />,
    },
    {
      id: "seen",
      name: t("users.seen"),
      width: "minmax(110px, 1fr)",
      wide: true,
      cell: (user) => <Time at={user.signed_in_at} />,
    },
    {
      id: "more",
      name: t("ui.more"),
      width: "36px",
      quiet: true,
      cell: (user) => <More user={user} onEdit={() => setEditing(user)} />,
    },
  ];
  return (
    <div className={styles.form}>
      <div className={styles.bar}>
        <p className={styles.quiet}>{t("users.about")}</p>
        <Button look="primary" icon={<Plus size={16} aria-hidden />} onPress={() => setEditing("new")}>
          {t("users.invite")}
        </Button>
      </div>
      <Loaded read={users}>
        {(found) => (
          <Table
            label={t("settings.users")}
            columns={columns}
            rows={found}
            rowKey={(user) => user.id}
            tall
            empty={<Empty icon={Users} title={t("users.alone")} text={t("users.alone_text")} />}
          />
        )}
      </Loaded>
      {editing && <UserDialog user={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </div>
  );
}

function State({ user }: { user: User }) {
  const t = useText();
  if (user.state === "invited") return <Badge tone="warn">{t("users.invited")}</Badge>;
  if (user.state === "off") return <Badge tone="idle">{t("users.off")}</Badge>;
  return <Badge tone={user.totp ? "good" : "idle"}>{t(user.totp ? "users.two_factors" : "users.one_factor")}</Badge>;
}

/** The provider through which somebody signs in: by its name here, else by its address. */
function BoundTo({ issuer }: { issuer: string | null }) {
  const t = useText();
  const { data: settings } = useQuery({ ...settingsQuery, enabled: issuer !== null });
  if (issuer === null) return null;
  const name = settings?.oidc.find((one) => one.issuer === issuer)?.name ?? issuer;
  return <span className={styles.quiet}>{t("users.bound", { name })}</span>;
}

function More({ user, onEdit }: { user: User; onEdit: () => void }) {
  const t = useText();
  const me = useSession().user;
  const [asking, setAsking] = useState<"remove" | "unbind" | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const act = async (work: Promise<unknown>, text: string) => {
    try {
      await work;
      toast(text);
      await queries.invalidateQueries({ queryKey: ["users"] });
    } catch (error) {
      toastError(error);
    }
  };
  const { name } = user;
  const entries = [
    { id: "edit", label: t("users.edit"), icon: <Pencil size={16} aria-hidden />, do: onEdit },
    {
      id: "link",
      label: t("users.new_link"),
      icon: <Link2 size={16} aria-hidden />,
      disabled: user.state === "off",
      do: () =>
        void renewInvitation(user.id).then(
          ({ invitation }) => setLink(new URL(invitation, window.location.origin).href),
          toastError,
        ),
    },
    {
      id: "active",
      label: t(user.state === "off" ? "users.let_in" : "users.lock_out"),
      icon: <Ban size={16} aria-hidden />,
      disabled: user.id === me.id,
      do: () => void act(changeUser(user, { active: user.state === "off" }), t("me.saved")),
    },
    {
      id: "out",
      label: t("users.sign_out"),
      icon: <LogOut size={16} aria-hidden />,
      do: () => void act(signOutUser(user.id), t("users.signed_out", { name })),
    },
    ...(user.bound_to === null
      ? []
      : [
          {
            id: "unbind",
            label: t("users.unbind"),
            icon: <Unlink size={16} aria-hidden />,
            do: () => setAsking("unbind"),
          },
        ]),
    {
      id: "remove",
      label: t("users.remove"),
      icon: <Trash2 size={16} aria-hidden />,
      danger: true,
      apart: true,
      disabled: user.id === me.id,
      do: () => setAsking("remove"),
    },
  ];
  const trigger = (
    <IconButton size="s" label={t("users.more", { name })} icon={<MoreHorizontal size={16} aria-hidden />} />
  );
  return (
    <>
      <Menu label={t("users.more", { name })} trigger={trigger} entries={entries} />
      <Dialog title={t("users.new_link")} isOpen={link !== null} onClose={() => setLink(null)}>
        <p>{t("users.invited_text")}</p>
        <Code text={link ?? ""} label={t("users.link")} />
      </Dialog>
      <Confirm
        title={t("users.remove_title", { name })}
        text={<p>{t("users.remove_text")}</p>}
        action={t("users.remove")}
        danger
        isOpen={asking === "remove"}
        onClose={() => setAsking(null)}
        onConfirm={() => act(removeUser(user.id), t("users.removed", { name }))}
      />
      <Confirm
        title={t("users.unbind_title", { name })}
        text={<p>{t("users.unbind_text", { email: user.email })}</p>}
        action={t("users.unbind")}
        danger
        isOpen={asking === "unbind"}
        onClose={() => setAsking(null)}
        onConfirm={() => act(unbindUser(user), t("users.unbound", { name }))}
      />
    </>
  );
}
