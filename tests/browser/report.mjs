// Opens reports in a real browser: `node report.mjs FILE...`. Says what is wrong and fails, or says nothing.
//
// With BEWIT_SCREENSHOTS set to a folder it leaves pictures there, to be looked at.

import { pathToFileURL } from 'node:url'
import { basename, join } from 'node:path'
import { accessibility, withBrowser } from './browser.mjs'

const widths = { wide: 1360, narrow: 390 }
const schemes = ['light', 'dark']
const screenshots = process.env.BEWIT_SCREENSHOTS

await withBrowser(async (browser) => {
  for (const file of process.argv.slice(2)) {
    for (const colorScheme of schemes) {
      for (const [name, width] of Object.entries(widths)) {
        const where = `${basename(file)}, ${colorScheme}, ${name}`
        await look(browser, file, { colorScheme, viewport: { width, height: 900 } }, where)
      }
    }
  }
})

async function look(browser, file, options, where) {
  const wrong = (what) => {
    console.log(`${where}: ${what}`)
    process.exitCode = 1
  }
  const context = await browser.newContext({ ...options, permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  const url = pathToFileURL(file).href
  page.on('console', (message) => message.type() === 'error' && wrong(`console: ${message.text()}`))
  page.on('pageerror', (error) => wrong(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    wrong(`a value ran as a script: ${dialog.message()}`)
    return dialog.dismiss()
  })
  page.on('request', (request) => request.url() !== url && wrong(`it loads ${request.url()}`))
  await page.goto(url)

  if (screenshots) {
    await page.screenshot({ path: join(screenshots, `${where.replaceAll(', ', '-')}.png`), fullPage: true })
  }
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  if (content > window) wrong(`it is ${content} pixels wide in a window of ${window}`)

  await copies(page, wrong)

  // Everything that a reader may unfold is looked at, too.
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)))
  for (const violation of await accessibility(page)) wrong(violation)
  if (screenshots) {
    await page.screenshot({ path: join(screenshots, `${where.replaceAll(', ', '-')}-unfolded.png`), fullPage: true })
    await page.pdf({ path: join(screenshots, `${where.replaceAll(', ', '-')}.pdf`), format: 'A4' })
  }
  await context.close()
}

/** The first visible button copies what stands beside it, from the keyboard. */
async function copies(page, wrong) {
  const button = page.locator('button.copy:visible').first()
  if ((await button.count()) === 0) return
  const command = await button.evaluate((button) => button.parentElement.querySelector('code').textContent)
  await button.focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelector('[role=status]').textContent !== '')
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  if (copied !== command) wrong(`it copied ${JSON.stringify(copied)} and not ${JSON.stringify(command)}`)
}
