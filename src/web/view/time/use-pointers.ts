import type { KnownMessage } from '../../model/timeline.ts';

/** Pixels that a pointer moves at least to drag. */
const MIN_DRAG = 4;
/** Pixels within which a pointer means a line: of a mouse, and of a finger. */
const REACH = 6;
const TOUCH_REACH = 14;
/** How much one pixel of a wheel zooms. */
const WHEEL_STEP = 1.0025;

/** What pointers do with the diagram. */
export interface DiagramPointers {
  /** Returns the message whose line is at a place, within so many pixels. */
  messageAt(x: number, y: number, reach: number): KnownMessage | undefined;
  /** A message under the pointer; undefined if there is none. */
  hover(message: KnownMessage | undefined): void;
  open(message: KnownMessage): void;
  /** Shows the moment at a place. */
  scrub(x: number): void;
  /** Shows `factor` times as much around a place. */
  zoom(factor: number, x: number): void;
}

/** Returns the listeners of the diagram: a click opens a line, a drag is the scrubber, two fingers and the wheel zoom. */
export function usePointers({ messageAt, hover, open, scrub, zoom }: DiagramPointers): {
  onPointer(event: PointerEvent, x: number, y: number): void;
  onWheel(event: WheelEvent, x: number): void;
} {
  const places = new Map<number, { x: number; y: number }>();
  let pressed: { readonly x: number; readonly message: KnownMessage | undefined; isDragged: boolean } | undefined;
  const spread = () => {
    const [a, b] = [...places.values()] as [{ x: number; y: number }, { x: number; y: number }];
    return { middle: (a.x + b.x) / 2, distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  };
  const press = (event: PointerEvent, x: number, y: number) => {
    if (event.button !== 0) return;
    (event.target as Element).setPointerCapture(event.pointerId);
    places.set(event.pointerId, { x, y });
    const isTouch = event.pointerType === 'touch';
    const message = messageAt(x, y, isTouch ? TOUCH_REACH : REACH);
    // A second finger makes it a zoom.
    pressed =
      places.size === 1 ? { x, message: message?.id === undefined ? undefined : message, isDragged: false } : undefined;
    if (pressed && !pressed.message && !isTouch) scrub(x);
  };
  const move = (event: PointerEvent, x: number, y: number) => {
    if (!places.has(event.pointerId)) return hover(messageAt(x, y, REACH));
    if (places.size === 2) {
      const before = spread();
      places.set(event.pointerId, { x, y });
      const after = spread();
      return zoom(before.distance / after.distance, after.middle);
    }
    if (!pressed || (!pressed.isDragged && Math.abs(x - pressed.x) < MIN_DRAG)) return;
    pressed.isDragged = true;
    hover(undefined);
    scrub(x);
  };
  const release = (event: PointerEvent, x: number) => {
    places.delete(event.pointerId);
    if (event.type === 'pointerup' && pressed && !pressed.isDragged) {
      if (pressed.message) open(pressed.message);
      else scrub(x);
    }
    pressed = undefined;
  };
  return {
    onPointer(event, x, y) {
      if (event.type === 'pointerdown') press(event, x, y);
      else if (event.type === 'pointermove') move(event, x, y);
      else if (event.type === 'pointerleave') hover(undefined);
      else release(event, x);
    },
    onWheel(event, x) {
      // Where the page scrolls, its wheel does; a pinch on a touchpad is a wheel with the control key.
      if (!event.ctrlKey && document.documentElement.scrollHeight > window.innerHeight) return;
      event.preventDefault();
      zoom(WHEEL_STEP ** event.deltaY, x);
    },
  };
}
