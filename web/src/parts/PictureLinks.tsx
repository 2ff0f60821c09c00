/** Pictures that came as links: they stay where they are, and nothing is fetched from there. */

import { useLanguage } from "../i18n";

export function PictureLinks({ of }: { of: Record<string, unknown> | null }) {
  const { t } = useLanguage();
  const held = of?.media_urls ?? (of?.media_url ? [of.media_url] : []);
  const links = Array.isArray(held) ? held.filter((one) => /^https?:\/\//.test(String(one))) : [];
  if (links.length === 0) return null;
  return (
    <div className="quiet">
      {links.map((one, row) => (
        <a
          key={String(one)}
          href={String(one)}
          target="_blank"
          rel="noopener noreferrer nofollow"
          style={{ marginRight: 12 }}
        >
          {t("case.picture_link", { number: row + 1 })}
        </a>
      ))}
    </div>
  );
}
