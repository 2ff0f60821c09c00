/** Where departments' data lies. */

import { useLanguage } from "../i18n";
import { SourceList } from "../sharing/sources/SourceList";

export default function Sources() {
  const { t } = useLanguage();
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.sources")}</h2>
        <span className="quiet">{t("source.about")}</span>
      </div>
      <SourceList />
    </div>
  );
}
