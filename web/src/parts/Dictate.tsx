/** Speech becomes text in a field, by what the browser has for it: some send it to their makers,
 * so there is a button only where the city allows it (setting ``voice_input``). The keyboards of
 * phones have one of their own. */

import { AudioOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useEffect, useRef, useState } from "react";
import type { Health } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";

interface Heard {
  results: ArrayLike<ArrayLike<{ transcript: string }> & { isFinal: boolean }>;
  resultIndex: number;
}

interface Recogniser {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  onresult: ((heard: Heard) => void) | null;
  onend: (() => void) | null;
  onerror: (() => void) | null;
  start: () => void;
  stop: () => void;
  abort: () => void;
}

type Maker = new () => Recogniser;

function maker(): Maker | undefined {
  const given = window as unknown as Record<string, Maker | undefined>;
  return given.SpeechRecognition ?? given.webkitSpeechRecognition;
}

export function Dictate({ onText }: { onText: (said: string) => void }) {
  const { t, lang } = useLanguage();
  const [running, setRunning] = useState<Recogniser>();
  const [failed, setFailed] = useState(false);
  const last = useRef(onText);
  last.current = onText;
  useEffect(() => () => running?.abort(), [running]);
  const { data: health } = useGet<Health>("/api/health");
  const Made = maker();
  if (!Made || !health?.voice_input) return null;
  const begin = () => {
    const listens = new Made();
    listens.lang = lang;
    listens.continuous = true;
    listens.interimResults = false;
    listens.onresult = ({ results, resultIndex }) => {
      for (let place = resultIndex; place < results.length; place += 1)
        if (results[place]?.isFinal) last.current(results[place]?.[0]?.transcript ?? "");
    };
    listens.onend = () => setRunning(undefined);
    listens.onerror = () => setFailed(true);
    setFailed(false);
    setRunning(listens);
    listens.start();
  };
  return (
    <Tooltip title={t("voice.about")}>
      <Button
        size="small"
        icon={<AudioOutlined />}
        danger={running !== undefined}
        aria-pressed={running !== undefined}
        onClick={() => (running ? running.stop() : begin())}
      >
        {t(running ? "voice.stop" : failed ? "voice.again" : "voice.start")}
      </Button>
    </Tooltip>
  );
}
