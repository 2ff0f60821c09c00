import { AimOutlined, EnvironmentOutlined, UploadOutlined } from "@ant-design/icons";
import { App, Button, Card, Form, Input, Popconfirm, Statistic, Tabs, Tag, Upload } from "antd";
import type { UploadFile } from "antd";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { type Problem, post, upload, withQuery } from "../data/http";
import { useSession } from "../data/session";
import type { Page, Severity } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { SeverityMark } from "../parts/tags";
import { Running } from "../parts/Running";
import { Takers } from "../parts/Takers";
import { When } from "../parts/time";

const SpotMap = lazy(() => import("../parts/SpotMap"));

interface Offer {
  id: number;
  state: string;
  class_title: string;
  severity: Severity;
  points: number;
  lon: number;
  lat: number;
  metres: number | null;
  grid_name: string;
  claim_by: string;
  hours: number;
  done_by?: string | null;
  photos_needed?: number;
  text_needed?: boolean;
  address?: string;
  text?: string;
}

interface Points {
  balance: number;
  blocked: boolean;
  entries: { id: number; at: string; class_title: string; points: number; why: string }[];
}

/** Each map takes room in the graphics memory, so whoever lists many says which one is shown. */
function OfferCard({
  offer,
  mapped,
  onMap,
  children,
}: {
  offer: Offer;
  mapped: boolean;
  onMap?: () => void;
  children?: ReactNode;
}) {
  const { t } = useLanguage();
  const where = [
    offer.address || offer.grid_name,
    offer.metres === null ? "" : t("offers.away", { metres: offer.metres }),
  ].filter(Boolean);
  return (
    <Card
      size="small"
      style={{ marginBottom: 12 }}
      title={
        <>
          <SeverityMark severity={offer.severity} /> {offer.class_title}
        </>
      }
      extra={<Tag color="gold">{t("offers.gain", { points: offer.points })}</Tag>}
    >
      <p style={{ marginTop: 0 }}>
        {where.join(" · ") || "–"}{" "}
        {onMap && (
          <Button
            type="link"
            size="small"
            icon={<EnvironmentOutlined />}
            aria-expanded={mapped}
            onClick={onMap}
          >
            {t("offers.map")}
          </Button>
        )}
      </p>
      {mapped && (
        <div style={{ marginBottom: 12 }}>
          <Suspense fallback={<Busy />}>
            <SpotMap at={[offer.lon, offer.lat]} label={t("offers.map")} height={200} />
          </Suspense>
        </div>
      )}
      {offer.text && <p>{offer.text}</p>}
      {children}
    </Card>
  );
}

function Open({ onChange }: { onChange: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [here, setHere] = useState<{ lon: number; lat: number }>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(0);
  const [mapped, setMapped] = useState<number>();
  const offers = useGet<Page<Offer>>(withQuery("/api/offers", here ?? {}));
  const claim = async (id: number) => {
    setBusy(id);
    setProblem(undefined);
    try {
      await post(`/api/offers/${id}/claim`);
      void message.success(t("offers.claimed"));
      onChange();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(0);
      offers.reload();
    }
  };
  const locate = () =>
    navigator.geolocation?.getCurrentPosition((found) =>
      setHere({ lon: found.coords.longitude, lat: found.coords.latitude }),
    );
  const failed = problem ?? offers.problem;
  return (
    <>
      <div style={{ marginBottom: 12, display: "flex", gap: 8, alignItems: "center" }}>
        <Button icon={<AimOutlined />} onClick={locate}>
          {t("offers.near")}
        </Button>
        <small>{t("offers.rough")}</small>
      </div>
      {failed && <ProblemBox problem={failed} retry={offers.reload} />}
      {!offers.data && offers.loading && <Busy />}
      {offers.data?.items.length === 0 && <Nothing>{t("offers.none")}</Nothing>}
      {offers.data?.items.map((one, place) => (
        <OfferCard
          key={one.id}
          offer={one}
          mapped={mapped === undefined ? place === 0 : mapped === one.id}
          onMap={() => setMapped(one.id)}
        >
          <div style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" }}>
            <span>
              {t("offers.claim_by")} <When at={one.claim_by} /> ·{" "}
              {t("offers.hours", { hours: one.hours })}
            </span>
            <span style={{ flex: 1 }} />
            <Button type="primary" loading={busy === one.id} onClick={() => claim(one.id)}>
              {t("offers.claim")}
            </Button>
          </div>
        </OfferCard>
      ))}
    </>
  );
}

function Work({ offer, onChange }: { offer: Offer; onChange: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      onChange();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const report = (given: { text?: string; photos?: UploadFile[] }) =>
    act(async () => {
      const files = (given.photos ?? []).flatMap((one) =>
        one.originFileObj ? [one.originFileObj] : [],
      );
      let evidence: string[] = [];
      if (files.length) {
        const sent = await upload<{ photos: { sha: string }[] }>(
          `/api/offers/${offer.id}/photos`,
          files,
        );
        evidence = sent.photos.map((one) => one.sha);
      }
      await post(`/api/offers/${offer.id}/report`, { text: given.text ?? "", evidence });
      void message.success(t("offers.reported"));
    });
  return (
    <OfferCard offer={offer} mapped>
      <p>
        {t("offers.done_by")} <When at={offer.done_by} />
      </p>
      {problem && <ProblemBox problem={problem} />}
      <Form layout="vertical" onFinish={report}>
        <Form.Item
          name="text"
          label={t("offers.text")}
          rules={[{ required: offer.text_needed, message: t("form.required") }]}
        >
          <Input.TextArea rows={2} maxLength={2000} />
        </Form.Item>
        <Form.Item
          name="photos"
          label={t("offers.photos", { count: offer.photos_needed ?? 0 })}
          valuePropName="fileList"
          getValueFromEvent={(event: { fileList: UploadFile[] }) => event.fileList}
        >
          <Upload accept="image/*" multiple beforeUpload={() => false} listType="picture">
            <Button icon={<UploadOutlined />}>{t("step.choose_photos")}</Button>
          </Upload>
        </Form.Item>
        <div style={{ display: "flex", gap: 8 }}>
          <Button type="primary" htmlType="submit" loading={busy}>
            {t("offers.report")}
          </Button>
          <Popconfirm
            title={t("offers.release_sure")}
            onConfirm={() => act(() => post(`/api/offers/${offer.id}/release`, {}))}
          >
            <Button disabled={busy}>{t("offers.release")}</Button>
          </Popconfirm>
        </div>
      </Form>
    </OfferCard>
  );
}

function Mine({ round, onChange }: { round: number; onChange: () => void }) {
  const { t } = useLanguage();
  const mine = useGet<Page<Offer>>(`/api/offers/mine?round=${round}`);
  if (mine.problem) return <ProblemBox problem={mine.problem} retry={mine.reload} />;
  if (!mine.data) return <Busy />;
  if (mine.data.items.length === 0) return <Nothing>{t("offers.none_mine")}</Nothing>;
  return mine.data.items.map((one) =>
    one.state === "claimed" ? (
      <Work key={one.id} offer={one} onChange={onChange} />
    ) : (
      <OfferCard key={one.id} offer={one} mapped={false}>
        <Tag>{t(`offers.state.${one.state}` as Key)}</Tag>
      </OfferCard>
    ),
  );
}

function Ledger({ round }: { round: number }) {
  const { t } = useLanguage();
  const points = useGet<Points>(`/api/offers/points?round=${round}`);
  if (points.problem) return <ProblemBox problem={points.problem} retry={points.reload} />;
  if (!points.data) return <Busy />;
  return (
    <>
      <Statistic title={t("offers.balance")} value={points.data.balance} />
      {points.data.blocked && <p role="alert">{t("offers.blocked")}</p>}
      <ul style={{ listStyle: "none", padding: 0 }}>
        {points.data.entries.map((one) => (
          <li key={one.id} style={{ display: "flex", gap: 8, padding: "6px 0" }}>
            <When at={one.at} />
            <span style={{ flex: 1 }}>
              {one.class_title} · {t(`offers.why.${one.why}` as Key)}
            </span>
            <b>{one.points > 0 ? `+${one.points}` : one.points}</b>
          </li>
        ))}
      </ul>
    </>
  );
}

export default function Offers() {
  const { t } = useLanguage();
  const { session, may } = useSession();
  const [round, setRound] = useState(0);
  const next = () => setRound((value) => value + 1);
  const centre = may("cases.dispatch");
  const taker = !centre || session?.roles.includes("citizen");
  const takes = [
    { key: "open", label: t("offers.open"), children: <Open key={round} onChange={next} /> },
    { key: "mine", label: t("offers.mine"), children: <Mine round={round} onChange={next} /> },
    { key: "points", label: t("offers.points"), children: <Ledger round={round} /> },
  ];
  return (
    <div className="page" style={{ maxWidth: centre ? 960 : 760 }}>
      <div className="page-head">
        <h2>{t("nav.offers")}</h2>
      </div>
      <Tabs
        items={[
          ...(centre
            ? [
                { key: "running", label: t("offers.running"), children: <Running /> },
                { key: "takers", label: t("offers.takers"), children: <Takers /> },
              ]
            : []),
          ...(taker ? takes : []),
        ]}
      />
    </div>
  );
}
