import type { MessageKind } from '../model/messages/message-kind.ts';

/** Draws a message in the shape of its kind, around a point. `angle`: the direction of its flight. */
export function drawMessage(
  canvas: CanvasRenderingContext2D,
  kind: MessageKind,
  { x, y, size, angle }: { readonly x: number; readonly y: number; readonly size: number; readonly angle: number },
  colour: string,
): void {
  canvas.fillStyle = colour;
  canvas.strokeStyle = colour;
  canvas.lineWidth = 1.5;
  if (kind === 'transaction') {
    canvas.beginPath();
    canvas.arc(x, y, size / 2, 0, 2 * Math.PI);
    canvas.fill();
  } else if (kind === 'block') {
    canvas.fillRect(x - size / 2, y - size / 2, size, size);
  } else if (kind === 'headers') {
    canvas.strokeRect(x - size / 2, y - size / 2, size, size);
  } else {
    const [dx, dy] = [(Math.cos(angle) * size) / 2, (Math.sin(angle) * size) / 2];
    canvas.beginPath();
    canvas.moveTo(x - dx, y - dy);
    canvas.lineTo(x + dx, y + dy);
    // A request has the head of an arrow.
    if (kind === 'request') {
      for (const side of [-0.5, 0.5]) {
        canvas.moveTo(x + dx, y + dy);
        canvas.lineTo(x + dx - Math.cos(angle + side) * size * 0.5, y + dy - Math.sin(angle + side) * size * 0.5);
      }
    }
    canvas.stroke();
  }
}

/** Returns the size of a message's shape in pixels: by its bytes, within bounds. */
export function messageSize(bytes: number): number {
  return Math.min(18, Math.max(5, Math.sqrt(bytes) / 3));
}
