//! The flow on paper: step by step in words, then the picture, page by page.

import { createPortal } from "react-dom";
import { serverNow } from "~/api/clock";
import { currentLocale, useText } from "~/i18n";
import { dateTime } from "~/i18n/format";
import { LOCALES } from "~/i18n/locales";
import { type Paper, svgPages } from "../canvas/export";
import { conditionInWords } from "../expression/words";
import { cardOf, laneInWords, triggerDetail, triggerInWords } from "../model/cards";
import type { Lane, Picture, Step } from "../model/model";
import styles from "./print.module.css";

/** What is left of A4 within its margins, in pixels; as the style has them. */
const UPRIGHT: Paper = { width: 680, height: 980 };
const ACROSS: Paper = { width: 1000, height: 650 };
/** Pictures that are wider than this lie across. */
const WIDE = 1_000;

/** Beside the page, and seen on paper only. */
export function PrintSheet({ picture }: { picture: Picture }) {
  const t = useText();
  const rtl = LOCALES[currentLocale()].dir === "rtl";
  let wide = false;
  const paper = (width: number) => {
    wide = width > WIDE;
    return wide ? ACROSS : UPRIGHT;
  };
  const pages = svgPages(picture, paper, rtl, t);
  const [first, ...others] = picture.sections;
  return createPortal(
    <article className={styles.sheet} data-print>
      <header>
        <h1>
          <bdi>{picture.name}</bdi>
        </h1>
        {picture.note && <Words text={picture.note} />}
        <p className={styles.quiet}>{t("editor.print.printed", { time: dateTime(new Date(serverNow())) })}</p>
      </header>
      <h2>{t("editor.starts")}</h2>
      <Starts picture={picture} />
      <h2>{t("editor.print.steps")}</h2>
      {first && <Steps lane={first} />}
      {others.map((lane) => (
        <section key={lane.path}>
          <h2>{laneInWords(lane, t)}</h2>
          <Steps lane={lane} />
        </section>
      ))}
      {pages.map((svg, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a page is its place.
        <figure key={at} className={wide ? styles.across : styles.upright} ref={(figure) => draw(figure, svg)} />
      ))}
    </article>,
    document.body,
  );
}

function draw(figure: HTMLElement | null, svg: string): void {
  figure?.replaceChildren(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement);
}

function Starts({ picture }: { picture: Picture }) {
  const t = useText();
  return (
    <>
      <ul className={styles.starts}>
        {picture.triggers.map((trigger) => (
          <li key={trigger.path}>
            <strong>{triggerInWords(trigger.type, t)}</strong> <bdi dir="auto">{triggerDetail(trigger, t)}</bdi>
          </li>
        ))}
      </ul>
      {picture.when && <p>{t("editor.only_when", { when: conditionInWords(picture.when, t) })}</p>}
    </>
  );
}

function Steps({ lane }: { lane: Lane }) {
  const t = useText();
  if (lane.steps.length === 0) return <p className={styles.quiet}>{t("editor.nothing_here")}</p>;
  return (
    <ol className={styles.steps}>
      {lane.steps.map((step) => (
        <OneStep key={step.path} step={step} />
      ))}
    </ol>
  );
}

/** A line in the direction of its own words, on the side where the page begins. */
function Words({ text, quiet = false }: { text: string; quiet?: boolean }) {
  return (
    <p className={quiet ? styles.quiet : ""}>
      <bdi dir="auto">{text}</bdi>
    </p>
  );
}

function OneStep({ step }: { step: Step }) {
  const t = useText();
  const card = cardOf(step, t);
  return (
    <li>
      <div className={styles.step}>
        <bdi className={styles.title}>{card.title}</bdi>
        {step.id && <code dir="ltr">{step.id}</code>}
        {card.detail && <Words text={card.detail} />}
        {step.note && <Words text={step.note} quiet />}
      </div>
      {step.lanes
        .filter(({ exists, steps }) => exists || steps.length > 0)
        .map((lane) => (
          <div key={lane.path} className={styles.lane}>
            <bdi className={styles.way}>{laneInWords(lane, t)}</bdi>
            <Steps lane={lane} />
          </div>
        ))}
    </li>
  );
}
