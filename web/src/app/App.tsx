import { App as AntApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { lazy, Suspense, useEffect } from "react";
import { BrowserRouter, Navigate, Route, Routes, useLocation } from "react-router";
import { SessionProvider, useSession } from "../data/session";
import { LanguageProvider, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";
import { themeOf, useMode } from "./theme";

const Live = lazy(() => import("../pages/Live"));
const Cases = lazy(() => import("../pages/Cases"));
const CasePage = lazy(() => import("../pages/CasePage"));
const Emergencies = lazy(() => import("../pages/Emergencies"));
const EmergencyPage = lazy(() => import("../pages/EmergencyPage"));
const Report = lazy(() => import("../pages/Report"));
const Findings = lazy(() => import("../pages/Findings"));
const FindingPage = lazy(() => import("../pages/FindingPage"));
const Devices = lazy(() => import("../pages/Devices"));
const DevicePage = lazy(() => import("../pages/DevicePage"));
const Connections = lazy(() => import("../pages/Connections"));
const Access = lazy(() => import("../pages/Access"));
const Ledger = lazy(() => import("../pages/Ledger"));
const Registry = lazy(() => import("../pages/Registry"));
const Notices = lazy(() => import("../pages/Notices"));
const Assessment = lazy(() => import("../pages/Assessment"));
const Proposals = lazy(() => import("../pages/Proposals"));
const Matrix = lazy(() => import("../pages/Matrix"));
const Hotline = lazy(() => import("../pages/Hotline"));
const Offers = lazy(() => import("../pages/Offers"));
const Supervision = lazy(() => import("../pages/Supervision"));
const WorkPlan = lazy(() => import("../pages/WorkPlan"));
const Classes = lazy(() => import("../pages/Classes"));
const Storms = lazy(() => import("../pages/Storms"));
const JobForm = lazy(() => import("../pages/JobForm"));
const SharingLists = lazy(() => import("../pages/SharingLists"));
const Exchange = lazy(() => import("../pages/Exchange"));
const Sources = lazy(() => import("../pages/Sources"));
const Catalogue = lazy(() => import("../pages/Catalogue"));
const CatalogueEntry = lazy(() => import("../pages/CatalogueEntry"));
const CatalogueForm = lazy(() => import("../pages/CatalogueForm"));
const Files = lazy(() => import("../pages/Files"));
const Evidence = lazy(() => import("../pages/Evidence"));
const Libraries = lazy(() => import("../pages/Libraries"));
const Quality = lazy(() => import("../pages/Quality"));
const SharingEvaluation = lazy(() => import("../pages/SharingEvaluation"));
const Requests = lazy(() => import("../pages/Requests"));
const OpenData = lazy(() => import("../pages/OpenData"));
const Packs = lazy(() => import("../pages/Packs"));

function Pages() {
  const { session, may } = useSession();
  const { t } = useLanguage();
  const { pathname } = useLocation();
  if (pathname === "/open" || pathname.startsWith("/open/"))
    return (
      <Suspense fallback={<Busy />}>
        <Routes>
          <Route path="/open/:name?" element={<OpenData />} />
        </Routes>
      </Suspense>
    );
  if (!session) return <SignIn />;
  const home = may("console.view") ? "/live" : "/cases";
  return (
    <Shell>
      <Suspense fallback={<Busy />}>
        <Routes>
          <Route path="/" element={<Navigate to={home} replace />} />
          <Route path="/live" element={<Live />} />
          <Route path="/cases" element={<Cases />} />
          <Route path="/storms/:tab?" element={<Storms />} />
          <Route path="/cases/:no" element={<CasePage />} />
          <Route path="/emergencies" element={<Emergencies />} />
          <Route path="/emergencies/:no" element={<EmergencyPage />} />
          <Route path="/supervision" element={<Supervision />} />
          <Route path="/supervision/:id" element={<WorkPlan />} />
          <Route path="/report" element={<Report />} />
          <Route path="/findings" element={<Findings />} />
          <Route path="/findings/:id" element={<FindingPage />} />
          <Route path="/devices/:tab?" element={<Devices />} />
          <Route path="/device/:thing" element={<DevicePage />} />
          <Route path="/connections" element={<Connections />} />
          <Route path="/access" element={<Access />} />
          <Route path="/ledger" element={<Ledger />} />
          <Route path="/proposals/:tab?" element={<Proposals />} />
          <Route path="/matrix" element={<Matrix />} />
          <Route path="/hotline/:tab?" element={<Hotline />} />
          <Route path="/offers" element={<Offers />} />
          <Route path="/registry/:noun?" element={<Registry />} />
          <Route path="/notices/:tab?" element={<Notices />} />
          <Route path="/assessment/:tab?" element={<Assessment />} />
          <Route path="/classes/:code?" element={<Classes />} />
          <Route path="/exchange-new" element={<JobForm />} />
          <Route path="/exchange/:code/edit" element={<JobForm />} />
          <Route path="/exchange/:code?" element={<Exchange />} />
          <Route path="/sources/:tab?" element={<Sources />} />
          <Route path="/sharing/lists/:tab?" element={<SharingLists />} />
          <Route path="/catalogue/new" element={<CatalogueForm />} />
          <Route path="/catalogue/entry/:id" element={<CatalogueEntry />} />
          <Route path="/catalogue/entry/:id/edit" element={<CatalogueForm />} />
          <Route path="/catalogue/:tab?" element={<Catalogue />} />
          <Route path="/evidence/:tab?" element={<Evidence />} />
          <Route path="/libraries/:code?/:tab?" element={<Libraries />} />
          <Route path="/quality/:tab?" element={<Quality />} />
          <Route path="/sharing/requests/:tab?" element={<Requests />} />
          <Route path="/sharing/files/:tab?" element={<Files />} />
          <Route path="/sharing/evaluation/:tab?" element={<SharingEvaluation />} />
          <Route path="/packs/:name?" element={<Packs />} />
          <Route path="*" element={<div className="page">{t("page.unknown")}</div>} />
        </Routes>
      </Suspense>
    </Shell>
  );
}

function Themed() {
  const { lang } = useLanguage();
  const mode = useMode();
  useEffect(() => {
    document.documentElement.dataset.mode = mode;
    document.documentElement.style.colorScheme = mode;
  }, [mode]);
  return (
    <ConfigProvider
      button={{ autoInsertSpace: false }}
      locale={lang === "en" ? enUS : zhCN}
      theme={themeOf(mode)}
    >
      <AntApp style={{ height: "100%" }}>
        <SessionProvider failed={(problem) => <ProblemBox problem={problem} page />}>
          <BrowserRouter>
            <Pages />
          </BrowserRouter>
        </SessionProvider>
      </AntApp>
    </ConfigProvider>
  );
}

export function App() {
  return (
    <LanguageProvider>
      <Themed />
    </LanguageProvider>
  );
}
