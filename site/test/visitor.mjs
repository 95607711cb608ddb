// What a visitor does on a page, and waits for.

export function expect(isRight, message) {
  if (!isRight) throw new Error(message);
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const textOf = (page, selector) => page.$eval(selector, (found) => found.textContent);

/** Waits until the text of an element matches. */
export async function until(page, selector, pattern, longestMs = 20_000) {
  const end = Date.now() + longestMs;
  for (;;) {
    const text = await textOf(page, selector);
    if (pattern.test(text)) return text;
    expect(Date.now() < end, `${selector}: got ${JSON.stringify(text.slice(0, 300))}, want ${pattern}`);
    await wait(50);
  }
}

/** Clicks a button by its text or name. */
export async function press(page, name) {
  const isFound = await page.evaluate((wanted) => {
    const isIt = (button) =>
      (button.getAttribute('aria-label') ?? button.textContent).trim() === wanted ||
      button.textContent.trim() === wanted;
    const button = [...document.querySelectorAll('button')].find((one) => isIt(one) && one.getClientRects().length > 0);
    button?.click();
    return button !== undefined;
  }, name);
  expect(isFound, `the page has no visible button “${name}”`);
}

/** Sets a control and leaves it, as a visitor does. */
export const set = (page, selector, value) =>
  page.$eval(
    selector,
    (control, text) => {
      control.value = text;
      for (const name of ['input', 'change']) control.dispatchEvent(new Event(name, { bubbles: true }));
    },
    String(value),
  );
