import { useNavigate, useSearch } from "@tanstack/react-router";
import { useText } from "~/i18n";
import { SearchField } from "~/ui/field";
import { Page, Toolbar } from "~/ui/page";
import { LibraryCards } from "../flows/library";

/** Flows that ship, to begin with. */
export function TemplatesPage() {
  const t = useText();
  const navigate = useNavigate({ from: "/templates" });
  const { text = "" } = useSearch({ from: "/shell/templates" });
  const find = (value: string) => void navigate({ search: value ? { text: value } : {}, replace: true });
  return (
    <Page title={t("nav.templates")} about={t("library.about")}>
      <Toolbar>
        <SearchField label={t("ui.search")} value={text} onChange={find} />
      </Toolbar>
      <LibraryCards text={text} />
    </Page>
  );
}
