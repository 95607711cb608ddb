import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_PAGES, judge } from './frames.mjs';
import { PAGES } from './pages.mjs';
import { expectEqual, run } from './processes.mjs';
import { startServer } from './server.mjs';

// Opens every page in real browsers. No driver is needed, because each page posts its results.

const LONGEST_MS = 300_000;

const BROWSERS = [
  { name: 'Chromium', variable: 'CHROMIUM', path: process.env.CHROMIUM ?? '/usr/bin/chromium', start: startChromium },
  { name: 'Firefox', variable: 'FIREFOX', path: process.env.FIREFOX ?? '/usr/bin/firefox-esr', start: startFirefox },
];

function startChromium(path, profile, url, extension) {
  const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`];
  if (extension) args.push(`--load-extension=${extension}`, `--disable-extensions-except=${extension}`);
  return spawn(path, [...args, url], { stdio: 'ignore', detached: true });
}

function startFirefox(path, profile, url) {
  const preferences = {
    'browser.shell.checkDefaultBrowser': false,
    'browser.aboutwelcome.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'toolkit.telemetry.reportingpolicy.firstRun': false,
    'app.update.enabled': false,
  };
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${value});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  return spawn(path, ['--headless', '--no-remote', '--profile', profile, url], { stdio: 'ignore', detached: true });
}

/** An extension that trains in its background. */
function makeExtension(folder, built, url) {
  const extension = join(folder, 'extension');
  mkdirSync(extension, { recursive: true });
  const manifest = {
    manifest_version: 3,
    name: 'simdprop',
    version: '1',
    background: { service_worker: 'background.js' },
    host_permissions: ['http://localhost/*'],
    content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'" },
  };
  writeFileSync(join(extension, 'manifest.json'), JSON.stringify(manifest));
  const code = readFileSync(join(built, 'one-file/background.js'), 'utf8');
  writeFileSync(join(extension, 'background.js'), `const ORIGIN = '${url}';\n${code}`);
  return extension;
}

const listed = (pages) => Object.entries(pages).map(([name, page]) => ({ name, ...page }));

/**
 * Tries the pages, which are cross-origin isolated and must train to the same bits as Node. `builtPages` come from
 * bundlers.
 */
export async function tryPages(results, context, builtPages) {
  const pages = [...listed(PAGES), ...builtPages];
  await openInBrowsers(results, context, pages, true, ({ hashes, scores = [] }) => {
    for (const hash of hashes) expectEqual('hashes', hash, context.wanted);
    for (const text of scores) expectEqual('scores of a search', text, context.wantedScores);
  });
}

/** Measures how much a page can draw during work. Returns the figures: { browser, version, page, attempts }. */
export async function tryFrames(results, context) {
  const figures = [];
  await openInBrowsers(results, context, listed(FRAME_PAGES), false, (result, browser, version, page) => {
    figures.push({ browser, version, page, attempts: result.attempts });
    return judge(result);
  });
  return figures;
}

/** Opens all pages in every browser. `check` throws if the result of a page is wrong, and may return a note. */
async function openInBrowsers(results, context, pages, isIsolated, check) {
  for (const { name: browser, variable, path, start } of BROWSERS) {
    if (!existsSync(path)) {
      await results.try(browser, () => {
        throw new Error(`got no ${path}, want a browser: install it, or name one as ${variable}`);
      });
      continue;
    }
    const { stdout: version } = await run(path, ['--version']);
    const waiting = new Map();
    const answers = new Map();
    const answer = (key, result) => {
      answers.set(key, result);
      waiting.get(key)?.(result);
    };
    const late = Date.now() + LONGEST_MS;
    const resultOf = (key) =>
      answers.get(key) ??
      new Promise((resolve) => {
        waiting.set(key, resolve);
        setTimeout(() => resolve({ error: 'the browser has not answered' }), Math.max(0, late - Date.now())).unref();
      });
    const tryPage = (name, key) =>
      results.try(`${browser}: ${name}`, async () => {
        const result = await resultOf(key);
        if (result.error) throw new Error(result.error);
        return check(result, browser, version.trim(), name);
      });
    const { server, url } = await startServer(pages, isIsolated, context, answer);
    const profile = mkdtempSync(join(context.folder, 'profile-'));
    const extension = isIsolated && browser === 'Chromium' ? makeExtension(profile, context.built, url) : undefined;
    const child = start(path, profile, url, extension);
    try {
      for (const [i, { name }] of pages.entries()) await tryPage(name, String(i));
      if (extension) await tryPage('the background of an extension', 'extension');
    } finally {
      await stop(child);
      server.close();
      server.closeAllConnections();
    }
  }
}

/** Ends the browser and the processes that it has started. */
async function stop(child) {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // the browser has already ended
  }
  if (child.exitCode === null && child.signalCode === null) await ended;
}
