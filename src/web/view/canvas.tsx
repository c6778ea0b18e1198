import { type JSX, onCleanup, onMount } from 'solid-js';

/** Share of the time that one drawing takes at most: other work has turns when there is much to draw. */
const MAX_SHARE = 0.25;

/** A canvas that fills its parent and is drawn in each frame, or in fewer if `draw` takes long. */
export function Canvas(props: {
  readonly label: string;
  readonly draw: (canvas: CanvasRenderingContext2D, width: number, height: number) => void;
  readonly onSize?: (width: number, height: number) => void;
  readonly onPointer?: (event: PointerEvent, x: number, y: number) => void;
  readonly onWheel?: (event: WheelEvent, x: number) => void;
  readonly children?: JSX.Element;
}): JSX.Element {
  let element!: HTMLCanvasElement;
  onMount(() => {
    const canvas = element.getContext('2d')!;
    let [width, height] = [0, 0];
    const resize = () => {
      const { clientWidth, clientHeight } = element.parentElement!;
      if (clientWidth === width && clientHeight === height) return;
      [width, height] = [clientWidth, clientHeight];
      const ratio = window.devicePixelRatio;
      element.width = width * ratio;
      element.height = height * ratio;
      element.style.setProperty('width', `${width}px`);
      element.style.setProperty('height', `${height}px`);
      canvas.setTransform(ratio, 0, 0, ratio, 0, 0);
      props.onSize?.(width, height);
    };
    const observer = new ResizeObserver(resize);
    observer.observe(element.parentElement!);
    resize();
    let [cost, due] = [0, 0];
    let frame = requestAnimationFrame(function next(now) {
      // A hidden view has no size.
      if (width > 0 && height > 0 && now >= due) {
        const start = performance.now();
        props.draw(canvas, width, height);
        cost += (performance.now() - start - cost) / 8;
        // Less than a frame is no wait.
        due = now + cost / MAX_SHARE - 16;
      }
      frame = requestAnimationFrame(next);
    });
    // Solid's listeners cannot keep the page from scrolling.
    const wheel = (event: WheelEvent) => props.onWheel?.(event, event.clientX - element.getBoundingClientRect().left);
    element.addEventListener('wheel', wheel, { passive: false });
    onCleanup(() => {
      observer.disconnect();
      cancelAnimationFrame(frame);
    });
  });
  const point = (event: PointerEvent) => {
    const { left, top } = element.getBoundingClientRect();
    props.onPointer?.(event, event.clientX - left, event.clientY - top);
  };
  return (
    <div class="canvas">
      <canvas
        ref={element}
        role="img"
        aria-label={props.label}
        onPointerDown={point}
        onPointerMove={point}
        onPointerUp={point}
        onPointerCancel={point}
        onPointerLeave={point}
      />
      {props.children}
    </div>
  );
}
