import { useText } from "~/i18n";
import { SecondFactor } from "~/pages/settings/totp";
import { Banner } from "~/ui/banner";
import { Card, Page } from "~/ui/page";

/** In place of every page while the workspace asks for a second factor that is not there yet. */
export default function Enrol() {
  const t = useText();
  return (
    <Page title={t("totp.title")}>
      <Banner tone="warn">{t("totp.must")}</Banner>
      <Card>
        <SecondFactor />
      </Card>
    </Page>
  );
}
