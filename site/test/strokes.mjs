// The digits 0 to 9 as one draws them with a mouse: strokes of points [x, y], as shares of the field.

/** Points of an arc around (cx, cy), in degrees; 0 is to the right, and 90 is down. */
function arc(cx, cy, rx, ry, from, to) {
  const count = 12;
  return Array.from({ length: count + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / count) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  });
}

export const STROKES = [
  [arc(0.5, 0.5, 0.2, 0.3, -90, 270)],
  [
    [
      [0.5, 0.2],
      [0.48, 0.8],
    ],
  ],
  [[...arc(0.5, 0.35, 0.18, 0.16, 190, 390), [0.33, 0.78], [0.7, 0.78]]],
  [[...arc(0.48, 0.35, 0.18, 0.15, 200, 440), ...arc(0.48, 0.65, 0.2, 0.16, -80, 150)]],
  [
    [
      [0.36, 0.2],
      [0.32, 0.52],
      [0.68, 0.5],
    ],
    [
      [0.66, 0.2],
      [0.62, 0.82],
    ],
  ],
  [[[0.68, 0.22], [0.42, 0.22], [0.38, 0.46], ...arc(0.48, 0.62, 0.19, 0.17, -110, 150)]],
  [[[0.6, 0.18], [0.44, 0.38], [0.36, 0.6], ...arc(0.5, 0.66, 0.14, 0.14, 180, -180)]],
  [
    [
      [0.32, 0.22],
      [0.68, 0.22],
      [0.46, 0.8],
    ],
  ],
  [[...arc(0.5, 0.36, 0.14, 0.14, 90, 450), ...arc(0.5, 0.65, 0.16, 0.15, -90, 270)]],
  [[...arc(0.5, 0.36, 0.15, 0.15, 0, -360), [0.65, 0.36], [0.6, 0.82]]],
];
