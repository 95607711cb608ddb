// Opens a page in a browser and prints what its promise `figures` resolves to:
// node browse.mjs chrome|firefox EXECUTABLE URL
import puppeteer from 'puppeteer-core';

const [, , browser, executablePath, url] = process.argv;
// Chromium refuses to run as root in its sandbox
const args = browser === 'chrome' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const launched = await puppeteer.launch({ browser, executablePath, args, headless: true, protocolTimeout: 300_000 });
try {
  const page = await launched.newPage();
  await page.goto(url);
  await page.waitForFunction('window.figures');
  const figures = await page.evaluate('window.figures');
  const isolated = await page.evaluate('window.crossOriginIsolated');
  console.log(
    JSON.stringify({ version: `${await launched.version()}${isolated ? '' : ', not isolated'}`, ...figures }),
  );
} finally {
  await launched.close();
}
