//! Fields that name something there is: typing narrows the list, and what is not in it can be written all the same.

import { Braces, ChevronDown, FunctionSquare } from "lucide-react";
import { useContext, useMemo, useRef, useState } from "react";
import {
  Button,
  ComboBox,
  ComboBoxStateContext,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from "react-aria-components";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import popover from "~/ui/popover.module.css";
import { formatPath } from "~/yaml";
import { isFormula } from "../expression/template";
import { asText } from "../model/view";
import { DataPicker } from "./data-picker";
import { useField } from "./field";
import styles from "./inspector.module.css";
import { type Known, type Named, type Names, useKnown } from "./known";
import { PillText } from "./pill-text";
import { type Shown, TemplateField } from "./values";

interface PickProps {
  label: string;
  /** The label is read out only. */
  bare?: boolean;
  value: string;
  onChange: (text: string) => void;
  names: Names;
  hint?: string | null;
  error?: string | null;
  readOnly?: boolean;
}

/** One of what there is, or any other text; one that does not exist is said to. */
export function PickInput({ label, bare, value, onChange, names, hint, error, readOnly = false }: PickProps) {
  const t = useText();
  const byId = useMemo(() => new Map(names.names.map((named) => [named.id, named])), [names]);
  const chosen = byId.get(value);
  const unknown = value !== "" && names.all && !chosen;
  const fits = (id: string, typed: string) =>
    `${id} ${byId.get(id)?.title ?? ""}`.toLowerCase().includes(typed.trim().toLowerCase());
  const under = error ?? (unknown ? t("editor.pick.unknown", { name: value }) : null) ?? chosen?.title ?? hint;
  return (
    <ComboBox<Named>
      className={styles.field ?? ""}
      aria-label={bare ? label : undefined}
      defaultItems={names.names}
      defaultFilter={fits}
      // Chosen is what is written, however it came there: a text that only begins like a name stays as it is.
      value={chosen ? value : null}
      onChange={(id) => id !== null && onChange(String(id))}
      inputValue={value}
      onInputChange={(text) => text !== value && onChange(text)}
      allowsCustomValue
      isReadOnly={readOnly}
      isInvalid={Boolean(error)}
    >
      {!bare && <Label className={styles.label}>{label}</Label>}
      <div className={popover.box}>
        <PressedInput className={`${styles.input} ${error ? styles.invalid : ""}`} />
        {names.names.length > 0 && (
          <Button className={popover.open}>
            <ChevronDown size={16} aria-hidden />
          </Button>
        )}
      </div>
      {under && (
        <Text slot="description" className={error ? styles.error : unknown ? styles.unknown : styles.hint}>
          <bdi dir="auto">{under}</bdi>
        </Text>
      )}
      <Popover className={popover.popover}>
        <ListBox<Named> className={popover.list}>{(named) => <Choice named={named} />}</ListBox>
      </Popover>
    </ComboBox>
  );
}

/** A press in the field shows all there is, as one on its arrow does. */
function PressedInput({ className }: { className: string }) {
  const list = useContext(ComboBoxStateContext);
  return <Input className={className} dir="auto" onClick={() => list?.open(null, "manual")} />;
}

function Choice({ named }: { named: Named }) {
  return (
    <ListBoxItem id={named.id} textValue={named.id} className={popover.item}>
      <span className={popover.words}>
        <Text slot="label">
          <bdi>{named.id}</bdi>
        </Text>
        {named.title && named.title !== named.id && (
          <Text slot="description" className={popover.detail}>
            <bdi>{named.title}</bdi>
          </Text>
        )}
      </span>
    </ListBoxItem>
  );
}

/** Whether a text has data of the run in it. */
const hasData = (text: string) => text.includes("{{");

/** What there is, or data of the run in its place. Once data was in the field it stays one for texts while one writes in it. */
export function PickText({ path, data, ...props }: PickProps & { path: readonly string[]; data: boolean }) {
  const t = useText();
  const [free, setFree] = useState(() => hasData(props.value));
  const [picking, setPicking] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  if (data && !free && hasData(props.value)) setFree(true);
  if (data && free) return <PillText {...props} path={formatPath(path)} />;
  if (!data || props.readOnly) return <PickInput {...props} />;
  return (
    <div ref={box} className={styles.pick}>
      <PickInput {...props} />
      <IconButton
        size="s"
        label={t("editor.insert_data")}
        icon={<Braces size={14} aria-hidden />}
        onPress={() => setPicking(true)}
      />
      <DataPicker
        path={formatPath(path)}
        anchor={box}
        isOpen={picking}
        onClose={() => setPicking(false)}
        onPick={(name) => props.onChange(`{{${name}}}`)}
      />
    </div>
  );
}

/** A place of the text that names something; with `data` it may also be inserted data or a formula. */
export function PickField({ label, hint, path, required, names, data }: Shown & { names: Names; data: boolean }) {
  const t = useText();
  const field = useField(path, required);
  const text = asText(field.value);
  if (data && isFormula(text))
    return <TemplateField label={label} hint={hint ?? null} path={path} required={required ?? false} />;
  const pick = (
    <PickText
      label={label}
      hint={hint ?? null}
      value={text}
      onChange={field.setText}
      path={path}
      names={names}
      data={data}
      error={field.error}
      readOnly={field.readOnly}
    />
  );
  if (!data || field.readOnly) return pick;
  return (
    <div className={styles.with_tool}>
      {pick}
      <IconButton
        size="s"
        label={t("editor.as_formula")}
        icon={<FunctionSquare size={14} aria-hidden />}
        onPress={() => field.set("= ")}
      />
    </div>
  );
}

/** The same for all there is of a kind. */
export function KnownField({ kind, data = false, ...shown }: Shown & { kind: Known; data?: boolean }) {
  return <PickField {...shown} names={useKnown(kind)} data={data} />;
}
