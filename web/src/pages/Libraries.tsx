/** Base libraries: of each person, enterprise and place one record, out of many sources. */

import { Badge, Button, Table, Tabs, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useAgain, useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { Conflicts } from "../sharing/libraries/Conflicts";
import { Declaration } from "../sharing/libraries/Declaration";
import { Fields } from "../sharing/libraries/Fields";
import { Proposals } from "../sharing/libraries/Proposals";
import { Records } from "../sharing/libraries/Records";
import { Steps } from "../sharing/libraries/Steps";
import type { Library, LibraryFull } from "../sharing/libraries/types";

export default function Libraries() {
  const code = useParams().code;
  return code ? <LibraryPage key={code} code={code} /> : <All />;
}

function Working({ library }: { library: Library }) {
  const { t } = useLanguage();
  return library.phase ? <Tag color="processing">{t("libraries.working")}</Tag> : null;
}

function All() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const [making, setMaking] = useState(false);
  const { data, problem, loading, reload } = useGet<Page<Library>>("/api/sharing/libraries");
  const count = (value: number | undefined) => (value ?? 0).toLocaleString(lang);
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.libraries")}</h2>
        <span className="quiet">{t("libraries.about")}</span>
        <span className="gap" />
        {may("sharing.operate") && (
          <Button type="primary" onClick={() => setMaking(true)}>
            {t("libraries.new")}
          </Button>
        )}
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <Table<Library>
        rowKey="code"
        pagination={false}
        scroll={{ x: 900 }}
        dataSource={data?.items}
        locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("libraries.none")}</Nothing> }}
        columns={[
          {
            title: t("libraries.library"),
            render: (_, one) => (
              <>
                <Link to={`/libraries/${one.code}`}>{one.title}</Link>{" "}
                <code className="quiet">{one.code}</code> <Working library={one} />
              </>
            ),
          },
          ...(["entities", "joined", "proposals", "conflicts"] as const).map((name) => ({
            title: t(`libraries.${name}` as Key),
            align: "right" as const,
            width: 130,
            render: (_: unknown, one: Library) => count(one.tally[name]),
          })),
          {
            title: t("libraries.table"),
            width: 200,
            render: (_, one) => <code>{one.dataset}</code>,
          },
          {
            title: t("libraries.changed_at"),
            width: 180,
            render: (_, one) => <When at={one.changed_at} />,
          },
        ]}
      />
      {making && <Declaration close={() => setMaking(false)} changed={reload} />}
    </div>
  );
}

function LibraryPage({ code }: { code: string }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const given = useParams().tab;
  const [editing, setEditing] = useState(false);
  const found = useGet<LibraryFull>(`/api/sharing/libraries/${code}`);
  const { data, problem, reload } = found;
  useAgain(found, Boolean(data && (data.phase || data.feeds.some((one) => one.due))));
  if (!data) return problem ? <ProblemBox page problem={problem} retry={reload} /> : <Busy />;
  const operates = may("sharing.operate");
  const marked = (name: Key, number: number | undefined) => (
    <Badge count={number ?? 0} overflowCount={9999} size="small" offset={[10, 0]} color="orange">
      {t(name)}
    </Badge>
  );
  const tabs = [
    {
      key: "fields",
      label: t("libraries.tab_fields"),
      children: <Fields library={data} changed={reload} />,
    },
    ...(operates
      ? [
          {
            key: "records",
            label: t("libraries.tab_records"),
            children: <Records library={data} />,
          },
          {
            key: "proposals",
            label: marked("libraries.tab_proposals", data.tally.proposals),
            children: <Proposals library={data} changed={reload} />,
          },
          {
            key: "conflicts",
            label: marked("libraries.tab_conflicts", data.tally.conflicts),
            children: <Conflicts library={data} changed={reload} />,
          },
          {
            key: "steps",
            label: t("libraries.tab_steps"),
            children: <Steps library={data} changed={reload} />,
          },
        ]
      : []),
  ];
  return (
    <div className="page" data-testid="library">
      <div className="page-head">
        <h2>
          <Link to="/libraries">{t("nav.libraries")}</Link> / {data.title}
        </h2>
        <span className="quiet">
          {t("libraries.table")} <code>{data.dataset}</code>
        </span>
        <Working library={data} />
        <span className="gap" />
        <Button onClick={() => setEditing(true)}>{t("libraries.declaration")}</Button>
      </div>
      <Tabs
        activeKey={tabs.find((one) => one.key === given)?.key ?? "fields"}
        onChange={(tab) => navigate(`/libraries/${code}/${tab}`)}
        destroyOnHidden
        items={tabs}
      />
      {editing && (
        <Declaration library={data} close={() => setEditing(false)} changed={reload} />
      )}
    </div>
  );
}
