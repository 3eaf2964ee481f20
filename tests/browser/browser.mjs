// A real browser for tests: the Chromium that is installed, driven by playwright-core.

import { createRequire } from 'node:module'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Where `cargo xtask tools` puts them.
const installed = fileURLToPath(new URL('../../target/tools/browser/', import.meta.url))
const require = createRequire(join(installed, 'package.json'))

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Runs a test in a browser, or says what is missing. The process fails if the test throws. */
export async function withBrowser(test) {
  const executablePath = chromium()
  if (!executablePath) return console.log('skipped: chromium')
  if (!existsSync(join(installed, 'node_modules/playwright-core'))) return console.log('skipped: playwright-core')
  const playwright = require('playwright-core')
  // A profile of its own, made and deleted by playwright.
  const browser = await playwright.chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  try {
    await test(browser)
  } finally {
    await browser.close()
  }
}

/** What axe-core finds wrong with a page, one text each. */
export async function accessibility(page) {
  // Evaluated by the debugger, so a strict content security policy stays in force for the page itself.
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const { violations } = await page.evaluate(() => globalThis.axe.run(document))
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 300)}`))
}

function chromium() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
