import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { CircleAlert, Compass } from "lucide-react";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { explain } from "~/ui/page";

/** In place of a page that could not be shown. */
export function Failed({ error, reset }: ErrorComponentProps) {
  const t = useText();
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Empty level="h1" icon={CircleAlert} title={t("error.title")} text={explain(error, t("error.offline"))}>
      <Button look="primary" onPress={again}>
        {t("ui.retry")}
      </Button>
    </Empty>
  );
}

/** An address that leads nowhere. */
export function Lost() {
  const t = useText();
  return (
    <main>
      <Empty level="h1" icon={Compass} title={t("error.lost")} text={t("error.lost_text")}>
        <Link to="/">{t("error.lost_back")}</Link>
      </Empty>
    </main>
  );
}
