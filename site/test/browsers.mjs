import puppeteer from 'puppeteer-core';

// The browsers of the system, such as those of Debian. puppeteer-core drives Chromium by its own protocol, and Firefox
// by WebDriver BiDi.

export const BROWSERS = [
  { name: 'Chromium', browser: 'chrome', variable: 'CHROMIUM', path: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  { name: 'Firefox', browser: 'firefox', variable: 'FIREFOX', path: process.env.FIREFOX ?? '/usr/bin/firefox-esr' },
];

export const launch = ({ browser, path }) =>
  puppeteer.launch({
    browser,
    executablePath: path,
    headless: true,
    protocolTimeout: 120_000,
    args: browser === 'chrome' ? ['--no-sandbox', '--disable-gpu', '--no-first-run'] : [],
  });

/**
 * Opens a page in a window of its own size. `problems` collects what must not happen in a page: errors in the console,
 * uncaught errors, requests that fail or go to another host.
 */
export async function openPage(browser, url, { width = 1280, height = 900, theme } = {}) {
  const page = await browser.newPage();
  const problems = [];
  const { host } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const address = new URL(request.url());
    if (/^https?:|^wss?:/.test(address.protocol) && address.host !== host) problems.push(`request: ${address.href}`);
  });
  page.on('requestfailed', (request) => {
    // a page or worker that is left ends its requests
    if (!/ABORTED/.test(request.failure()?.errorText)) problems.push(`not loaded: ${request.url()}`);
  });
  await page.setViewport({ width, height });
  if (theme) await page.evaluateOnNewDocument((name) => localStorage.setItem('theme', name), theme);
  await page.goto(url, { waitUntil: 'load' });
  return { page, problems };
}
