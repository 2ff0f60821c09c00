/** The operator's desk: who, what, where; by keyboard as by mouse. */

import { App, Button, Form, type InputRef } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { get, post, type Problem, withQuery } from "../data/http";
import type { CaseClass, CaseSummary, Page } from "../data/types";
import { asProblem, useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { type Answers, answersOf } from "../parts/ClassForm";
import { Busy, ProblemBox } from "../parts/states";
import { Correct } from "./Correct";
import { type Begun, CallerPanel, Calls, NewContact, Unended } from "./Incoming";
import { Recent } from "./Recent";
import type { Board, Contact, Suggested, Wish } from "./types";
import { type Spot, WherePanel } from "./Where";
import { BLANK, type Draft, WishPanel } from "./Wish";

const NOWHERE: Spot = { at: null, address: "", case_class: "" };
const PAUSE_MS = 300;

/** Asks while somebody types, and forgets answers that come too late. */
function useSuggestions(text: string, at: [number, number] | null): Suggested | undefined {
  const { lang } = useLanguage();
  const [found, set] = useState<Suggested>();
  useEffect(() => {
    let current = true;
    if (text.trim() === "" && at === null) {
      set(undefined);
      return;
    }
    const timer = setTimeout(() => {
      const place = at ? { lon: at[0], lat: at[1] } : {};
      const path = withQuery("/api/hotline/suggest", { text: text.slice(0, 1000), ...place });
      get<Suggested>(path).then(
        (answer) => current && set(answer),
        () => undefined,
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, at, lang]);
  return found;
}

export function Desk() {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const board = useGet<Board>("/api/hotline/board");
  const classes = useGet<Page<CaseClass>>("/api/cases/classes");
  const [contact, setContact] = useState<Contact>();
  const [draft, setDraft] = useState<Draft>(BLANK);
  const [spot, setSpot] = useState<Spot>(NOWHERE);
  const [done, setDone] = useState<Wish[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<{ answers?: Answers }>();
  const first = useRef<InputRef>(null);
  const area = useRef<TextAreaRef>(null);
  const found = useSuggestions(contact ? draft.text : "", contact ? spot.at : null);

  const run = useCallback(async <T,>(work: () => Promise<T>): Promise<T | undefined> => {
    setBusy(true);
    setProblem(undefined);
    try {
      return await work();
    } catch (error) {
      setProblem(asProblem(error));
      return undefined;
    } finally {
      setBusy(false);
    }
  }, []);
  const open = (next: Contact | undefined) => {
    if (!next) return;
    setContact(next);
    setDone(next.requests);
    setDraft(BLANK);
    setSpot(NOWHERE);
  };
  const current = contact?.id;
  useEffect(() => {
    if (current !== undefined) area.current?.focus();
  }, [current]);
  const begin = async (given: Begun) =>
    open(await run(() => post<Contact>("/api/hotline/contacts", given)));
  const take = async (id: number) =>
    open(await run(() => post<Contact>(`/api/hotline/calls/${id}/take`)));
  const resume = async (id: number) =>
    open(await run(() => get<Contact>(`/api/hotline/contacts/${id}`)));
  const send = async (more: Record<string, unknown>) => {
    if (!contact) return;
    const body = { kind: draft.kind, text: draft.text, ...more };
    const path = `/api/hotline/contacts/${contact.id}/requests`;
    const made = await run(() => post<Wish>(path, body));
    if (!made) return;
    setDone((items) => [...items, made]);
    setDraft(BLANK);
    setSpot((old) => ({ ...old, case_class: "" }));
    form.resetFields();
    area.current?.focus();
  };
  const settle = async (outcome: "answered" | "case" | "noted") => {
    if (!draft.text.trim()) return void message.warning(t("hotline.need_text"));
    const article = draft.article === null ? {} : { article: draft.article, helpful: draft.helpful };
    if (outcome !== "case") return send({ outcome, missing: draft.missing, ...article });
    if (!spot.case_class || (!spot.at && !spot.address.trim()))
      return void message.warning(t("hotline.need_class"));
    const asked = classes.data?.items.find((one) => one.code === spot.case_class)?.form ?? [];
    let given: { answers?: Answers };
    try {
      given = await form.validateFields();
    } catch {
      return;
    }
    await send({
      outcome,
      missing: draft.missing,
      ...article,
      report: {
        case_class: spot.case_class,
        text: draft.text,
        address: spot.address,
        lon: spot.at?.[0] ?? null,
        lat: spot.at?.[1] ?? null,
        answers: answersOf(asked, given.answers),
        shown: (found?.classes ?? []).slice(0, 3).map((one) => one.code),
      },
    });
  };
  const about = (outcome: "urged" | "joined") => (one: CaseSummary) =>
    void send({ outcome, case: one.no, text: draft.text.trim() || t(`hotline.outcome.${outcome}`) });
  const end = async () => {
    if (!contact) return;
    const ended = await run(() => post(`/api/hotline/contacts/${contact.id}/end`));
    if (ended) setContact(undefined);
  };
  const keys = useRef({ settle, end });
  keys.current = { settle, end };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "Enter" && event.ctrlKey)
        void keys.current.settle(event.shiftKey ? "answered" : "case");
      else if (event.key === "F9") void keys.current.end();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);

  if (!board.data || !classes.data) {
    const failed = board.problem ?? classes.problem;
    return failed ? <ProblemBox problem={failed} /> : <Busy />;
  }
  return (
    <>
      {problem && <ProblemBox problem={problem} />}
      <div className="desk">
        <section aria-label={t("hotline.incoming")}>
          <Calls take={(id) => void take(id)} busy={busy || contact !== undefined} />
          {contact ? (
            <CallerPanel
              contact={contact}
              urge={about("urged")}
              correct={
                <Correct
                  key={contact.id}
                  contact={contact}
                  emotions={board.data.emotions}
                  corrected={setContact}
                />
              }
            />
          ) : (
            <>
              <Unended resume={(id) => void resume(id)} busy={busy} />
              <NewContact
                board={board.data}
                begin={(given) => void begin(given)}
                busy={busy}
                first={first}
              />
            </>
          )}
        </section>
        {!contact && (
          <section aria-label={t("hotline.recent_list")} className="desk-wide">
            <Recent emotions={board.data.emotions} />
          </section>
        )}
        {contact && (
          <>
            <section aria-label={t("hotline.wish")}>
              <WishPanel
                board={board.data}
                draft={draft}
                change={(next) => setDraft((old) => ({ ...old, ...next }))}
                found={found}
                settle={(outcome) => void settle(outcome)}
                busy={busy}
                area={area}
              />
              <div className="block" data-testid="done">
                <div className="desk-row">
                  <h3>{t("hotline.done_here")}</h3>
                  <Button danger onClick={() => void end()} loading={busy}>
                    {t("hotline.end")}
                  </Button>
                </div>
                {done.map((one) => (
                  <div key={one.id}>
                    {t(`hotline.kind.${one.kind}` as Key)} ·{" "}
                    {t(`hotline.outcome.${one.outcome}` as Key)}{" "}
                    {one.case !== null && (
                      <Link to={`/cases/${one.case}`} target="_blank">
                        {t("hotline.case_no", { no: one.case })}
                      </Link>
                    )}{" "}
                    <span className="quiet">{one.text}</span>
                  </div>
                ))}
              </div>
            </section>
            <section aria-label={t("hotline.where")}>
              <WherePanel
                spot={spot}
                change={(next) => setSpot((old) => ({ ...old, ...next }))}
                classes={classes.data.items}
                found={found}
                join={about("joined")}
                form={form}
              />
            </section>
          </>
        )}
      </div>
    </>
  );
}
