import { createEffect, createSignal, For, type JSX, onCleanup, Show } from 'solid-js';
import { fill, type Language, languages, type Texts } from '../text/texts.ts';
import { CommandBar } from './command-bar.tsx';
import { usePage } from './context.ts';
import { Places } from './places.tsx';
import { ReplayButtons } from './time/replay-buttons.tsx';

/** How the page looks. */
export type ThemeChoice = 'system' | 'light' | 'dark';

/** The line above everything: what network this is, how fast it is shown, language and theme. */
export function Header(props: {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly themeChoice: ThemeChoice;
  readonly setThemeChoice: (choice: ThemeChoice) => void;
}): JSX.Element {
  const { session, texts, route, go } = usePage();
  const { playback } = session;
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now()), 250);
  onCleanup(() => clearInterval(timer));
  const [missing, setMissing] = createSignal('');
  const find = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = new FormData(event.currentTarget as HTMLFormElement).get('what') as string;
    const found = await session.find(text.trim());
    if (found) go(found);
    setMissing(found ? '' : text);
  };
  // What was not found is of no use once something else is shown.
  createEffect(() => {
    route();
    setMissing('');
  });
  const behind = () => Math.round((now() - playback.time(now())) / 1000);
  return (
    <header>
      <h1>{texts().title}</h1>
      <Show when={session.status()}>
        {(status) => (
          <p class="about">
            {status().name} · {status().network} · {new Date(status().time * 1000).toISOString().slice(0, 19)}Z ·{' '}
            {texts().mining.title}: {miningText(status().mining, texts())}
          </p>
        )}
      </Show>
      <fieldset class="speeds">
        <legend class="unseen">{texts().playback.title}</legend>
        <button
          type="button"
          aria-pressed={playback.isLive}
          onClick={() => {
            playback.live();
            setNow(Date.now());
          }}
        >
          {texts().playback.live}
        </button>
        <button type="button" aria-pressed={playback.slowness === 0} onClick={() => playback.toggle(Date.now())}>
          {texts().playback.pause}
        </button>
        <For each={[10, 100]}>
          {(slowness) => (
            <button
              type="button"
              aria-pressed={playback.slowness === slowness && !playback.replay}
              onClick={() => playback.setSlowness(slowness, Date.now())}
            >
              {fill(texts().playback.slow, slowness)}
            </button>
          )}
        </For>
        <ReplayButtons />
        <Show when={behind() > 0}>
          <span class="number">{fill(texts().playback.past, behind())}</span>
        </Show>
      </fieldset>
      <Places />
      <CommandBar />
      <search>
        <form class="search" onSubmit={(event) => void find(event)}>
          <input name="what" onInput={() => setMissing('')} aria-label={texts().search} placeholder={texts().search} />
          <button type="submit">{texts().find}</button>
          <Show when={missing() !== ''}>
            <span role="status">{fill(texts().notFound, missing())}</span>
          </Show>
        </form>
      </search>
      <label>
        <span class="unseen">{texts().language}</span>
        <select value={props.language} onInput={(event) => props.setLanguage(event.currentTarget.value as Language)}>
          <For each={Object.entries(languages)}>{([code, { name }]) => <option value={code}>{name}</option>}</For>
        </select>
      </label>
      <label>
        <span class="unseen">{texts().theme}</span>
        <select
          value={props.themeChoice}
          onInput={(event) => props.setThemeChoice(event.currentTarget.value as ThemeChoice)}
        >
          <For each={['system', 'light', 'dark'] as const}>
            {(choice) => <option value={choice}>{texts().themes[choice]}</option>}
          </For>
        </select>
      </label>
    </header>
  );
}

/** Says when the network mines by itself. */
function miningText(
  mode: string | { transactions: number } | { interval: number; poisson?: boolean | undefined },
  texts: Texts,
): string {
  if (typeof mode === 'string') return texts.mining.manual;
  if ('transactions' in mode) return fill(texts.mining.transactions, mode.transactions);
  return fill(mode.poisson ? texts.mining.poisson : texts.mining.interval, mode.interval);
}
