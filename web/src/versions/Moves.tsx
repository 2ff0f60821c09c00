/** What was moved, with what became of it, and the way back. */

import { Button, Input, Modal, Table, Tag } from "antd";
import { useState } from "react";
import { get, type Problem, post } from "../data/http";
import type { Page } from "../data/types";
import { type Loaded, useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { Move } from "./types";

interface Member {
  no: number;
  outcome: string;
  why: string;
}

/** Work a move off, batch by batch; each answer is told. */
export async function workOff(made: Move, tell: (move: Move) => void): Promise<Move> {
  let move = made;
  while (move.state === "moving" || move.state === "undoing") {
    tell(move);
    move = await post<Move>(`/api/cases/moves/${move.id}/continue`, {});
  }
  tell(move);
  return move;
}

function Left({ move }: { move: Move }) {
  const { t } = useLanguage();
  const outcome = move.counts.kept ? "kept" : "stayed";
  const { data, problem } = useGet<Page<Member>>(`/api/cases/moves/${move.id}?outcome=${outcome}`);
  if (problem) return <ProblemBox problem={problem} />;
  if (!data) return <Busy />;
  return (
    <ul className="feed">
      {data.items.map((one) => (
        <li key={one.no}>
          #{one.no} <span className="quiet">{one.why}</span>
        </li>
      ))}
      {data.next && <li className="quiet">{t("versions.and_more")}</li>}
    </ul>
  );
}

function Undo({ move, onDone }: { move: Move; onDone: () => void }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const undo = async () => {
    setBusy(true);
    try {
      await workOff(await post<Move>(`/api/cases/moves/${move.id}/undo`, { reason }), () => {});
      setOpen(false);
      onDone();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("versions.undo")}
      </Button>
      <Modal
        open={open}
        title={t("versions.undo_title", { count: move.counts.moved ?? 0 })}
        okText={t("versions.undo")}
        okButtonProps={{ disabled: !reason.trim(), loading: busy }}
        onOk={undo}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        {problem && <ProblemBox problem={problem} />}
        <p>{t("versions.undo_about")}</p>
        <Input
          aria-label={t("step.reason")}
          placeholder={t("step.reason")}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Modal>
    </>
  );
}

const COLOUR: Record<string, string> = { moved: "success", undone: "default" };

export function Moves({ moves, onDone }: { moves: Loaded<Page<Move>>; onDone: () => void }) {
  const { t } = useLanguage();
  const goOn = async (move: Move) => {
    await workOff(await get<Move>(`/api/cases/moves/${move.id}`), () => {});
    onDone();
  };
  if (moves.problem) return <ProblemBox problem={moves.problem} retry={moves.reload} />;
  return (
    <Table<Move>
      rowKey="id"
      size="small"
      pagination={false}
      dataSource={moves.data?.items}
      locale={{ emptyText: moves.loading ? <Busy /> : <Nothing /> }}
      expandable={{
        rowExpandable: (one) => Boolean(one.counts.stayed || one.counts.kept),
        expandedRowRender: (one) => <Left move={one} />,
      }}
      columns={[
        { title: t("versions.when"), width: 180, render: (_, one) => <When at={one.begun_at} /> },
        {
          title: t("step.reason"),
          render: (_, one) => (
            <>
              {one.reason} <span className="quiet">· {one.begun_by.split(":")[1]}</span>
              {one.undo_reason && (
                <div className="quiet">
                  {t("versions.back")}: {one.undo_reason} · {one.undone_by.split(":")[1]}
                </div>
              )}
            </>
          ),
        },
        {
          title: t("case.state"),
          width: 110,
          render: (_, one) => (
            <Tag color={COLOUR[one.state] ?? "processing"}>
              {t(`versions.is_${one.state}` as Key)}
            </Tag>
          ),
        },
        {
          title: t("versions.cases"),
          width: 250,
          render: (_, one) =>
            Object.entries(one.counts)
              .filter(([, count]) => count > 0)
              .map(([name, count]) => `${t(`versions.became_${name}` as Key)} ${count}`)
              .join(" · ") || "–",
        },
        {
          width: 110,
          render: (_, one) =>
            one.state === "moved" && one.counts.moved ? (
              <Undo move={one} onDone={onDone} />
            ) : one.state === "moving" || one.state === "undoing" ? (
              <Button size="small" onClick={() => goOn(one)}>
                {t("versions.go_on")}
              </Button>
            ) : null,
        },
      ]}
    />
  );
}
