import { render } from 'solid-js/web';
import { openSocket } from './model/connection.ts';
import { Session } from './model/session.ts';
import { Page } from './view/page.tsx';

// The link has the token after `#`, which browsers send to no server. It is kept for this tab, and taken from the address,
// which others may see.
const [, given] = /^#token=([0-9a-f]+)$/.exec(location.hash) ?? [];
if (given !== undefined) {
  sessionStorage.setItem('token', given);
  history.replaceState(null, '', '#/');
}
const session = new Session(openSocket(sessionStorage.getItem('token') ?? ''));
// Its name stands there until the scripts have come.
const root = document.getElementById('page')!;
root.replaceChildren();
render(() => <Page session={session} />, root);
