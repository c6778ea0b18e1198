import { render } from 'solid-js/web';
import { Session } from '../model/session.ts';
import { Page } from '../view/page.tsx';
import { openTab } from './open-tab.ts';

// The page that needs no server: its network lives in a worker of the tab.
const session = new Session(openTab(), { isInTab: true });
// Its name stands there until the scripts have come.
const root = document.getElementById('page')!;
root.replaceChildren();
render(() => <Page session={session} />, root);
