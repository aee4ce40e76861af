import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { rolesQuery } from "~/api/settings";
import type { Role } from "~/api/types";
import { useText } from "~/i18n";
import { Loaded } from "~/ui/page";
import styles from "./settings.module.css";

export const ROLES: Role[] = ["viewer", "auditor", "agent", "team_lead", "ops", "crm_admin", "admin"];

/** A role in words, and that it may publish. */
export function RoleName({ role, publisher }: { role: string; publisher: boolean }) {
  const t = useText();
  const known = (ROLES as string[]).includes(role);
  return (
    <span>
      {known ? t(`role.${role}`) : role}
      {publisher && role !== "admin" && <span className={styles.quiet}> · {t("users.publishes")}</span>}
    </span>
  );
}

/** Who may what: the server's own table. */
export function RolesTab() {
  const t = useText();
  const roles = useQuery(rolesQuery);
  return (
    <Loaded read={roles}>
      {({ roles: list, permissions }) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach what is hidden.
        <section className={styles.matrix} tabIndex={0} aria-label={t("settings.roles")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("roles.permission")}</th>
                {list.map(({ id }) => (
                  <th key={id} scope="col">
                    <RoleName role={id} publisher={false} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {permissions.map((permission) => (
                <tr key={permission.id}>
                  <th scope="row">
                    <code dir="ltr">{permission.id}</code>
                    <span className={styles.quiet} lang="en" dir="ltr">
                      {permission.what}
                    </span>
                  </th>
                  {list.map((role) => (
                    <td key={role.id}>
                      {role.permissions.includes(permission.id) ? (
                        <Check size={16} role="img" aria-label={t("ui.yes")} />
                      ) : role.publisher?.includes(permission.id) ? (
                        <span className={styles.quiet}>{t("users.publishes")}</span>
                      ) : (
                        <span className={styles.no}>
                          <span aria-hidden>–</span>
                          <span className="hidden">{t("ui.no")}</span>
                        </span>
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Loaded>
  );
}
