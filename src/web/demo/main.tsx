import { render } from 'solid-js/web';
import { Session } from '../model/session.ts';
import { Page } from '../view/page.tsx';
import { openTab } from './open-tab.ts';

// The page that needs no server: its network lives in a worker of the tab.
const session = new Session(openTab(), { isInTab: true });
render(() => <Page session={session} />, document.getElementById('page')!);
