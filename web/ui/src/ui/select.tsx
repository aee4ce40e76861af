import { Check, ChevronDown } from "lucide-react";
import {
  ComboBox as AriaComboBox,
  Select as AriaSelect,
  Button,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  SelectValue,
  Text,
} from "react-aria-components";
import { useText } from "~/i18n";
import field from "./field.module.css";
import styles from "./popover.module.css";

export interface Choice {
  id: string;
  label: string;
  detail?: string | null;
}

interface Props {
  label: string;
  /** The label is read out and not shown, as in a toolbar. */
  compact?: boolean;
  choices: Choice[];
  value: string | null;
  onChange: (id: string) => void;
  hint?: string;
  isDisabled?: boolean;
}

/** One of a few. */
export function Select({ label, compact, choices, value, onChange, hint, isDisabled }: Props) {
  return (
    <AriaSelect
      className={field.field}
      aria-label={compact ? label : undefined}
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
      isDisabled={isDisabled}
    >
      {!compact && <Label className={field.label}>{label}</Label>}
      <Button className={styles.trigger}>
        <SelectValue className={styles.value}>{({ selectedText }) => <bdi>{selectedText}</bdi>}</SelectValue>
        <ChevronDown size={16} aria-hidden />
      </Button>
      {hint && (
        <Text slot="description" className={field.hint}>
          {hint}
        </Text>
      )}
      <Popover className={styles.popover}>
        <ListBox items={choices} className={styles.list}>
          {(choice) => <Item choice={choice} />}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

interface ComboProps extends Props {
  /** Whether a text that is not in the list may be given. */
  allowsCustom?: boolean;
}

/** One of many: typing narrows the list. */
export function ComboBox({ label, choices, value, onChange, hint, allowsCustom, isDisabled }: ComboProps) {
  const t = useText();
  return (
    <AriaComboBox
      className={field.field}
      defaultItems={choices}
      allowsEmptyCollection
      allowsCustomValue={allowsCustom}
      isDisabled={isDisabled}
      defaultInputValue={choices.find((choice) => choice.id === value)?.label ?? value ?? ""}
      onInputChange={(text) => allowsCustom && onChange(text)}
      onChange={(key) => key !== null && onChange(String(key))}
    >
      <Label className={field.label}>{label}</Label>
      <div className={styles.box}>
        <Input className={field.input} />
        <Button className={styles.open}>
          <ChevronDown size={16} aria-hidden />
        </Button>
      </div>
      {hint && (
        <Text slot="description" className={field.hint}>
          {hint}
        </Text>
      )}
      <Popover className={styles.popover}>
        <ListBox<Choice>
          className={styles.list}
          renderEmptyState={() => <div className={styles.none}>{t("ui.nothing")}</div>}
        >
          {(choice) => <Item choice={choice} />}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}

function Item({ choice }: { choice: Choice }) {
  return (
    <ListBoxItem id={choice.id} textValue={choice.label} className={styles.item}>
      <Check size={14} className={styles.tick} aria-hidden />
      <span className={styles.words}>
        <Text slot="label">
          <bdi>{choice.label}</bdi>
        </Text>
        {choice.detail && (
          <Text slot="description" className={styles.detail}>
            <bdi>{choice.detail}</bdi>
          </Text>
        )}
      </span>
    </ListBoxItem>
  );
}
