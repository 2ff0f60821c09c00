/** Versions of case classes: how they differ, and running cases moved to another one. */

import { Button, Input, Progress, Select, Table, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { type Problem, post } from "../data/http";
import type { Page } from "../data/types";
import { useGet, usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { Moves, workOff } from "../versions/Moves";
import { Deadlines, Groups, Outcomes, Samples } from "../versions/Preview";
import type { Asked, ClassVersions, Difference, Move, Seen, Version } from "../versions/types";

function Differences({ from, to }: { from: number; to: number }) {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Page<Difference>>(`/api/cases/versions/${from}/${to}`);
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  if (data.items.length === 0) return <Nothing>{t("versions.alike")}</Nothing>;
  const parts = [...new Set(data.items.map((one) => one.part_title))];
  return (
    <table className="obs" data-testid="differences">
      <tbody>
        {parts.map((part) => (
          <tr key={part}>
            <th scope="row">{part}</th>
            <td>
              {data.items
                .filter((one) => one.part_title === part)
                .map((one) => (
                  <div key={one.text}>{one.text}</div>
                ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Mover({ from, to, onDone }: { from: Version[]; to: Version; onDone: () => void }) {
  const { t } = useLanguage();
  const [places, setPlaces] = useState<Asked["places"]>({});
  const [seen, setSeen] = useState<Seen>();
  const [reason, setReason] = useState("");
  const [moving, setMoving] = useState<Move>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const kindOf = (name: string | null) => to.states.find((one) => one.name === name)?.kind;
  const asked = (chosen: Asked["places"]): Asked => ({
    to: to.id,
    versions: from.map((one) => one.id),
    places: chosen,
    across: Object.entries(chosen).some(([state, target]) => {
      const kinds = from.flatMap((one) => one.states.filter((each) => each.name === state));
      return target !== null && kinds.some((each) => each.kind !== kindOf(target));
    }),
  });
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const look = (chosen: Asked["places"]) =>
    attempt(async () => setSeen(await post<Seen>("/api/cases/moves/preview", asked(chosen))));
  const choose = (state: string, target: string | null | undefined) => {
    const next = { ...places };
    if (target === undefined) delete next[state];
    else next[state] = target;
    setPlaces(next);
    void look(next);
  };
  const move = () =>
    attempt(async () => {
      const body = { ...asked(places), digest: seen?.digest, reason };
      await workOff(await post<Move>("/api/cases/moves", body), setMoving);
      setSeen(undefined);
      setReason("");
      onDone();
    });
  const total = Object.values(moving?.counts ?? {}).reduce((sum, one) => sum + one, 0);
  const done = total - (moving?.counts.pending ?? 0);
  return (
    <>
      {problem && <ProblemBox problem={problem} />}
      {!seen && (
        <Button type="primary" loading={busy} onClick={() => look(places)}>
          {t("versions.preview")}
        </Button>
      )}
      {seen && (
        <div data-testid="preview">
          <Outcomes seen={seen} />
          <Groups seen={seen} to={to} places={places} choose={choose} />
          <Deadlines seen={seen} />
          <Samples seen={seen} />
          <div style={{ display: "flex", gap: 8, marginTop: 14, maxWidth: 760 }}>
            <Input
              aria-label={t("step.reason")}
              placeholder={t("versions.reason")}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
            <Button
              type="primary"
              disabled={!reason.trim() || !seen.outcomes.moves}
              loading={busy}
              onClick={move}
            >
              {t("versions.move", { count: seen.outcomes.moves ?? 0 })}
            </Button>
          </div>
        </div>
      )}
      {moving && busy && total > 0 && <Progress percent={Math.round((100 * done) / total)} />}
    </>
  );
}

function ClassPage({ code }: { code: string }) {
  const { t } = useLanguage();
  const name = encodeURIComponent(code);
  const found = useGet<Page<ClassVersions>>(`/api/cases/versions?class=${name}`);
  const moves = useGet<Page<Move>>(`/api/cases/moves?class=${name}`);
  const [chosen, setChosen] = useState<{ from?: number; to?: number }>({});
  const [round, setRound] = useState(0);
  if (found.problem && !found.data)
    return <ProblemBox problem={found.problem} retry={found.reload} />;
  if (!found.data) return <Busy />;
  const held = found.data.items[0];
  if (!held) return <Nothing />;
  const to = held.versions.find((one) => one.id === chosen.to) ?? held.versions[0]!;
  const others = held.versions.filter((one) => one.id !== to.id);
  const from = others.find((one) => one.id === chosen.from) ?? others[0];
  const running = others.filter((one) => one.running > 0);
  const again = () => {
    found.reload();
    moves.reload();
    setRound(round + 1);
  };
  const options = (from: Version[]) =>
    from.map((one) => ({ value: one.id, label: t("versions.number", { number: one.number }) }));
  return (
    <>
      <div className="block case-head">
        <h2>{held.title}</h2>
        <span className="quiet">{held.code}</span>
        <span style={{ flex: 1 }} />
        <Link to="/classes">{t("versions.all")}</Link>
      </div>
      <section className="block">
        <Table<Version>
          rowKey="id"
          size="small"
          pagination={false}
          dataSource={held.versions}
          columns={[
            {
              title: t("versions.version"),
              render: (_, one) => (
                <>
                  {t("versions.number", { number: one.number })}{" "}
                  {one.active && <Tag color="success">{t("versions.active")}</Tag>}
                </>
              ),
            },
            { title: t("versions.since"), render: (_, one) => <When at={one.installed_at} /> },
            { title: t("versions.running"), dataIndex: "running", align: "right" },
          ]}
        />
      </section>
      {from && (
        <section className="block">
          <h3>{t("versions.difference")}</h3>
          <div style={{ marginBottom: 10 }}>
            <Select
              aria-label={t("versions.from")}
              value={from.id}
              options={options(others)}
              onChange={(value) => setChosen({ from: value, to: to.id })}
            />
            {" → "}
            <Select
              aria-label={t("versions.to")}
              value={to.id}
              options={options(held.versions)}
              onChange={(value) => setChosen({ to: value })}
            />
          </div>
          <Differences from={from.id} to={to.id} />
        </section>
      )}
      {running.length > 0 && (
        <section className="block">
          <h3>{t("versions.title_move", { number: to.number })}</h3>
          <p className="quiet">{t("versions.about")}</p>
          <Mover key={`${to.id}/${round}`} from={running} to={to} onDone={again} />
        </section>
      )}
      <section className="block">
        <h3>{t("versions.moves")}</h3>
        <Moves moves={moves} onDone={again} />
      </section>
    </>
  );
}

export default function Classes() {
  const { t } = useLanguage();
  const { code } = useParams();
  const navigate = useNavigate();
  const { items, problem, loading, more, reload } = usePages<ClassVersions>(
    code ? null : "/api/cases/versions",
  );
  if (code)
    return (
      <div className="page">
        <ClassPage key={code} code={code} />
      </div>
    );
  const behind = (one: ClassVersions) =>
    one.versions.slice(1).reduce((sum, each) => sum + each.running, 0);
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.classes")}</h2>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <Table<ClassVersions>
        rowKey="code"
        size="middle"
        pagination={false}
        dataSource={items}
        locale={{ emptyText: loading ? <Busy /> : <Nothing /> }}
        onRow={(one) => ({
          className: "row-link",
          onClick: () => navigate(`/classes/${encodeURIComponent(one.code)}`),
        })}
        columns={[
          {
            title: t("versions.class"),
            render: (_, one) => (
              <>
                <Link to={`/classes/${encodeURIComponent(one.code)}`}>{one.title}</Link>
                <div className="quiet">{one.code}</div>
              </>
            ),
          },
          {
            title: t("versions.versions"),
            align: "right",
            render: (_, one) => one.versions.length,
          },
          {
            title: t("versions.running"),
            align: "right",
            render: (_, one) => one.versions.reduce((sum, each) => sum + each.running, 0),
          },
          {
            title: t("versions.behind"),
            align: "right",
            render: (_, one) => (behind(one) ? <Tag color="warning">{behind(one)}</Tag> : "–"),
          },
          {
            title: t("versions.since"),
            render: (_, one) => <When at={one.versions[0]?.installed_at} />,
          },
        ]}
      />
      <More more={more} />
    </div>
  );
}
