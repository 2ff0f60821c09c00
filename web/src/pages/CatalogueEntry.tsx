/** One resource of the catalogue: what it is, its terms, its items, its versions. */

import { Alert, Button, Descriptions, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import "../sharing/catalogue.css";
import type { Entry, Resource } from "../sharing/catalogueTypes";
import { Lineage } from "../sharing/Lineage";
import { FileVersions } from "../sharing/files/FileVersions";
import { RequestButton } from "../sharing/grants/RequestForm";
import { ItemTable } from "../sharing/ItemTable";
import { Release } from "../sharing/opening/Release";
import { ShareTags, StateTag } from "../sharing/ShareTags";
import { Steps } from "../sharing/Steps";
import { Changes, History, VersionList } from "../sharing/VersionList";

function Terms({ of }: { of: Entry }) {
  const { t } = useLanguage();
  const open = t(`catalogue.open_type.${of.open_type}` as Key);
  const lies = of.dataset ?? [of.source, of.table].filter(Boolean).join(" / ");
  const rows: [string, string | undefined][] = [
    [t("catalogue.share_type"), t(`catalogue.share_type.${of.share_type}` as Key)],
    [t("catalogue.share_condition"), of.share_condition],
    [t("catalogue.share_basis"), of.share_basis],
    [t("catalogue.share_mode"), t(`catalogue.share_mode.${of.share_mode}` as Key)],
    [t("catalogue.open_type"), open],
    [t("catalogue.open_condition"), of.open_condition],
    [t("catalogue.update_cycle"), t(`catalogue.update_cycle.${of.update_cycle}` as Key)],
    [t("catalogue.where"), lies],
  ];
  return (
    <Descriptions
      column={1}
      size="small"
      items={rows
        .filter(([, value]) => value)
        .map(([label, children]) => ({ key: label, label, children }))}
    />
  );
}

function About({ found }: { found: Resource }) {
  const { t } = useLanguage();
  const keywords = found.keywords.map((one) => <Tag key={one}>{one}</Tag>);
  const rows: [string, React.ReactNode][] = [
    [t("catalogue.code"), found.code || t("catalogue.no_code")],
    [t("catalogue.class_code"), found.class_path.join(" / ")],
    [t("catalogue.organisation"), found.organisation_name],
    [t("catalogue.provider_code"), found.provider_code],
    [t("catalogue.format"), t(`catalogue.format.${found.format}` as Key)],
    [t("catalogue.published_at"), found.published_at && <When at={found.published_at} />],
    [t("catalogue.keywords"), keywords.length > 0 && keywords],
    [t("catalogue.related"), found.related.join(", ")],
  ];
  return (
    <>
      <p>{found.summary}</p>
      <Descriptions
        column={1}
        size="small"
        items={rows
          .filter(([, value]) => value)
          .map(([label, children]) => ({ key: label, label, children }))}
      />
    </>
  );
}

function DraftBox({ found }: { found: Resource }) {
  const { t } = useLanguage();
  const draft = found.draft;
  if (!draft) return null;
  return (
    <section className="block" aria-labelledby="draft">
      {found.version > 0 && (
        <>
          <h3 id="draft">
            {t("catalogue.version", { number: draft.version })} · {t("catalogue.changes")}
          </h3>
          <Alert
            type="info"
            showIcon
            title={t(found.pending === "draft" ? "catalogue.pending_draft" : "catalogue.pending_in_review")}
          />
          <Changes changes={draft.changes} />
        </>
      )}
      {draft.gaps.length > 0 && (
        <>
          <h3 id={found.version ? undefined : "draft"}>
            {t("catalogue.gaps", { count: draft.gaps.length })}
          </h3>
          <ul className="changes">
            {draft.gaps.map((one) => (
              <li key={`${one.item}.${one.column}`} className="warn">
                {one.item > 0 && `${one.item}. `}
                {one.column_title}: {one.text}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

export default function CatalogueEntry() {
  const { may, session } = useSession();
  const { t } = useLanguage();
  const navigate = useNavigate();
  const id = Number(useParams().id);
  const { data, problem, reload } = useGet<Resource>(`/api/sharing/resources/${id}`);
  const [round, setRound] = useState(0);
  const done = () => {
    setRound((value) => value + 1);
    reload();
  };
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (!data) return <Busy />;
  const stage = data.pending || data.state;
  const free = data.open_type !== "none" && data.share_type !== "none";
  const mayOpen = may("sharing.review") && data.state === "published" && free;
  return (
    <div className="page">
      <div className="block case-head">
        <h2>{data.name}</h2>
        <StateTag of={data} />
        <ShareTags entry={data} />
        <span style={{ flex: 1 }} />
        {data.draft && stage === "draft" && (
          <Button onClick={() => navigate(`/catalogue/entry/${id}/edit`)}>{t("catalogue.edit")}</Button>
        )}
        {may("sharing.request") && data.state === "published" && data.share_type !== "none" && (
          <RequestButton of={data} onDone={() => navigate("/sharing/requests/asked")} />
        )}
        {data.steps && <Steps found={data} onDone={done} />}
        <Link to="/catalogue">{t("nav.catalogue")}</Link>
      </div>
      {data.draft && (data.version > 0 || data.draft.gaps.length > 0) && <DraftBox found={data} />}
      <div className="case-grid">
        <section className="block" aria-labelledby="about">
          <h3 id="about">{t("catalogue.describe")}</h3>
          <About found={data} />
        </section>
        <section className="block" aria-labelledby="terms">
          <h3 id="terms">{t("catalogue.sharing")}</h3>
          <Terms of={data} />
        </section>
      </div>
      <section className="block" aria-labelledby="items">
        <h3 id="items">
          {t("catalogue.items")} <span className="quiet">{data.items.length}</span>
        </h3>
        <ItemTable items={data.items} />
      </section>
      {data.share_mode === "file" && data.version > 0 && may("sharing.use") && (
        <section className="block" aria-labelledby="files">
          <h3 id="files">{t("files.files")}</h3>
          <FileVersions
            resource={id}
            provides={may("sharing.provide") && session?.organisation === data.organisation}
          />
        </section>
      )}
      {mayOpen && (
        <section className="block" aria-labelledby="opening">
          <h3 id="opening">{t("open.opening")}</h3>
          <Release of={data} />
        </section>
      )}
      {data.steps && data.version > 0 && (
        <section className="block" aria-labelledby="lineage">
          <h3 id="lineage">{t("catalogue.lineage")}</h3>
          <Lineage id={id} />
        </section>
      )}
      {data.steps && (
        <div className="case-grid">
          <section className="block" aria-labelledby="versions">
            <h3 id="versions">{t("catalogue.versions")}</h3>
            <VersionList id={id} round={round} />
          </section>
          <section className="block" aria-labelledby="history">
            <h3 id="history">{t("catalogue.history")}</h3>
            <History id={id} round={round} />
          </section>
        </div>
      )}
    </div>
  );
}
