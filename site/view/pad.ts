// A field to draw in.

const PEN = 22;

export interface Pad {
  clear(): void;
  /** Shows a picture in place of the drawing, of bytes from 0 (paper) to 255 (ink) [size × size]. */
  show(picture: Uint8Array, size: number): void;
  /** Draws all strokes again, in the present colour of the ink. */
  recolour(): void;
  /** The pixels, transparent where nothing is drawn. */
  pixels(): ImageData;
}

/** Lets the canvas be drawn on with mouse, pen or finger. `change` is called whenever the pen has moved. */
export function makePad(canvas: HTMLCanvasElement, inkColour: () => string, change: () => void): Pad {
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  let last: [number, number] | undefined;
  const pointOf = ({ clientX, clientY }: PointerEvent): [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * canvas.width, ((clientY - top) / height) * canvas.height];
  };
  const line = (to: [number, number]) => {
    context.strokeStyle = inkColour();
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...(last ?? to));
    context.lineTo(...to);
    context.stroke();
    last = to;
    change();
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = undefined;
    line(pointOf(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.buttons === 0 || !last) return;
    // all positions since the last event, not only the last one
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length > 0 ? moves : [event]) line(pointOf(move));
  });
  for (const name of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(name, () => {
      last = undefined;
    });
  }
  const recolour = () => {
    context.globalCompositeOperation = 'source-in';
    context.fillStyle = inkColour();
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = 'source-over';
  };
  return {
    recolour,
    show: (picture, size) => {
      const small = new OffscreenCanvas(size, size);
      const ink = small.getContext('2d') as OffscreenCanvasRenderingContext2D;
      const image = ink.createImageData(size, size);
      picture.forEach((value, i) => {
        image.data[4 * i + 3] = value;
      });
      ink.putImageData(image, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(small, 0, 0, canvas.width, canvas.height);
      recolour();
    },
    clear: () => context.clearRect(0, 0, canvas.width, canvas.height),
    pixels: () => context.getImageData(0, 0, canvas.width, canvas.height),
  };
}
