import {
  AlertOutlined,
  ApiOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BranchesOutlined,
  BarChartOutlined,
  CarryOutOutlined,
  BookOutlined,
  BulbOutlined,
  ClusterOutlined,
  ContainerOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  EyeOutlined,
  FireOutlined,
  FileProtectOutlined,
  FileZipOutlined,
  FormOutlined,
  GlobalOutlined,
  HddOutlined,
  IdcardOutlined,
  LogoutOutlined,
  MoonOutlined,
  NotificationOutlined,
  PhoneOutlined,
  ProfileOutlined,
  SafetyCertificateOutlined,
  SunOutlined,
  SwapOutlined,
  TableOutlined,
  TeamOutlined,
  TrophyOutlined,
  UnorderedListOutlined,
  WifiOutlined,
} from "@ant-design/icons";
import { Button, Dropdown, Tooltip } from "antd";
import { Fragment, type ReactNode, useEffect } from "react";
import { NavLink } from "react-router";
import { openLive, useLiveState } from "../data/live";
import { useSession } from "../data/session";
import type { Health } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { CityClock, rememberClock, TimeOfDay } from "../parts/time";
import { Bell } from "./Bell";
import { setMode, useMode } from "./theme";

interface Entry {
  to: string;
  key: Key;
  icon: ReactNode;
  permission: string;
  /** Entries of one group stand together below its name. */
  group?: Key;
  /** Who may this has another entry that leads there. */
  unless?: string;
}

const ENTRIES: Entry[] = [
  { to: "/live", key: "nav.live", icon: <DashboardOutlined />, permission: "console.view" },
  { to: "/cases", key: "nav.cases", icon: <ProfileOutlined />, permission: "cases.report" },
  { to: "/proposals", key: "nav.proposals", icon: <BulbOutlined />, permission: "cases.dispatch" },
  { to: "/storms", key: "nav.storms", icon: <ClusterOutlined />, permission: "cases.dispatch" },
  { to: "/emergencies", key: "nav.emergencies", icon: <FireOutlined />, permission: "cases.read" },
  { to: "/supervision", key: "nav.supervision", icon: <CarryOutOutlined />, permission: "cases.read" },
  { to: "/hotline", key: "hotline.title", icon: <PhoneOutlined />, permission: "cases.hotline" },
  { to: "/hotline/articles", key: "hotline.tab_articles", icon: <BookOutlined />, permission: "cases.write_articles", unless: "cases.hotline" },
  { to: "/report", key: "nav.report", icon: <FormOutlined />, permission: "cases.report" },
  { to: "/assessment", key: "nav.assessment", icon: <BarChartOutlined />, permission: "cases.assess" },
  { to: "/offers", key: "nav.offers", icon: <TeamOutlined />, permission: "cases.report" },
  { to: "/findings", key: "nav.findings", icon: <AlertOutlined />, permission: "rules.read" },
  { to: "/devices", key: "nav.devices", icon: <WifiOutlined />, permission: "sensing.read_own" },
  { to: "/connections", key: "nav.connections", icon: <ApiOutlined />, permission: "sensing.read_own" },
  { to: "/access", key: "nav.access", icon: <EyeOutlined />, permission: "sensing.open" },
  { to: "/ledger", key: "nav.ledger", icon: <AuditOutlined />, permission: "sensing.read" },
  { to: "/matrix", key: "nav.matrix", icon: <TableOutlined />, permission: "registry.write" },
  { to: "/registry", key: "nav.registry", icon: <DatabaseOutlined />, permission: "registry.read" },
  { to: "/notices", key: "notices.title", icon: <NotificationOutlined />, permission: "notices.read" },
  { to: "/classes", key: "nav.classes", icon: <BranchesOutlined />, permission: "cases.move" },
  { to: "/packs", key: "nav.packs", icon: <AppstoreOutlined />, permission: "packs.read" },
  { to: "/catalogue", key: "nav.catalogue", icon: <ContainerOutlined />, permission: "sharing.read", group: "nav.sharing" },
  { to: "/sharing/lists", key: "nav.lists", icon: <UnorderedListOutlined />, permission: "sharing.read", group: "nav.sharing" },
  { to: "/sharing/requests", key: "nav.requests", icon: <SwapOutlined />, permission: "sharing.read", group: "nav.sharing" },
  { to: "/sharing/files", key: "nav.files", icon: <FileZipOutlined />, permission: "sharing.use", group: "nav.sharing" },
  { to: "/quality", key: "nav.quality", icon: <SafetyCertificateOutlined />, permission: "sharing.read", group: "nav.sharing" },
  { to: "/sharing/evaluation", key: "nav.evaluation", icon: <TrophyOutlined />, permission: "sharing.read", group: "nav.sharing" },
  { to: "/libraries", key: "nav.libraries", icon: <IdcardOutlined />, permission: "sharing.read", group: "nav.sharing" },
  { to: "/evidence", key: "nav.evidence", icon: <FileProtectOutlined />, permission: "sharing.audit", group: "nav.sharing" },
  { to: "/sources", key: "nav.sources", icon: <HddOutlined />, permission: "sharing.provide", group: "nav.sharing" },
  { to: "/exchange", key: "nav.exchange", icon: <SwapOutlined />, permission: "sharing.provide", group: "nav.sharing" },
];

function LiveDot() {
  const { t } = useLanguage();
  const state = useLiveState();
  if (state.open)
    return (
      <span className="live-state fine" role="status" title={t("live.connected")}>
        <i className="dot" />
        <span>{t("live.connected")}</span>
      </span>
    );
  return (
    <span className="live-state lost" role="status">
      <i className="dot lost" />
      {t("live.lost")} <TimeOfDay at={state.since} />
    </span>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const { t, lang, setLang } = useLanguage();
  const { session, may, signOut } = useSession();
  const { data: health } = useGet<Health>("/api/health");
  const mode = useMode();
  const viewer = may("console.view");
  const entries = ENTRIES.filter(
    (entry) => may(entry.permission) && !(entry.unless && may(entry.unless)),
  );
  useEffect(() => (viewer ? openLive() : undefined), [viewer]);
  useEffect(() => {
    if (health) rememberClock(health.clock);
  }, [health]);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("nav.skip")}
      </a>
      <nav className="rail" aria-label={t("nav.main")}>
        <div className="brand">
          <img src="/favicon.svg" alt="" />
          <span>一网</span>
        </div>
        {entries.map((entry, place) => (
          <Fragment key={entry.to}>
            {entry.group && entry.group !== entries[place - 1]?.group && (
              <span className="group">{t(entry.group)}</span>
            )}
            <NavLink to={entry.to}>
              {entry.icon}
              {t(entry.key)}
            </NavLink>
          </Fragment>
        ))}
      </nav>
      <header className="bar">
        <h1>{health?.city || t("app.name")}</h1>
        {health?.simulated && (
          <span className="banner" role="note">
            {t("live.simulated")}
          </span>
        )}
        <span className="gap" />
        {viewer && <LiveDot />}
        {may("notices.own") && <Bell />}
        <span className="clock">
          <CityClock />
        </span>
        <Tooltip title={mode === "dark" ? t("theme.light") : t("theme.dark")}>
          <Button
            type="text"
            aria-label={mode === "dark" ? t("theme.light") : t("theme.dark")}
            icon={mode === "dark" ? <SunOutlined /> : <MoonOutlined />}
            onClick={() => setMode(mode === "dark" ? "light" : "dark")}
          />
        </Tooltip>
        <Button
          type="text"
          className="language"
          icon={<GlobalOutlined />}
          aria-label={t("language.other")}
          lang={lang === "en" ? "zh-CN" : "en"}
          onClick={() => setLang(lang === "en" ? "zh-CN" : "en")}
        >
          {t("language.other")}
        </Button>
        <Dropdown
          menu={{
            items: [
              {
                key: "roles",
                disabled: true,
                label: [
                  session?.name,
                  ...(session?.roles ?? []).map((role) => t(`role.${role}` as Key) ?? role),
                ].join(" · "),
              },
              { key: "out", icon: <LogoutOutlined />, label: t("signin.leave"), onClick: signOut },
            ],
          }}
          trigger={["click"]}
        >
          <Button type="text" className="who">{session?.display}</Button>
        </Dropdown>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
