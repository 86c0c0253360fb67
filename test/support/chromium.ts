// A person's browser: Chromium without JavaScript, and a look at each page on a desk by day and on a phone by night. Screenshots
// lie in the folder that SCREENSHOTS names.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { programOf } from './peers.ts'

const screenshots = process.env.SCREENSHOTS

export interface Visitor extends AsyncDisposable {
  readonly page: Page
  /** Nothing scrolls sideways, and axe finds nothing; what is folded is opened for both. */
  look(name: string): Promise<void>
}

/** Starts Chromium, which setup installs. `javaScript`: also with JavaScript, for pages of others that need it. */
export async function startChromium({ javaScript = false } = {}): Promise<Visitor> {
  const browser = await chromium.launch({
    executablePath: programOf('chromium'),
    args: ['--no-sandbox'],
  })
  const context = await browser.newContext({
    javaScriptEnabled: javaScript,
    viewport: { width: 1200, height: 900 },
  })
  const page = await context.newPage()

  async function lookAt(name: string, width: number, colorScheme: 'light' | 'dark') {
    const viewer = await browser.newContext({ viewport: { width, height: 844 }, colorScheme })
    await viewer.addCookies(await context.cookies())
    const seen = await viewer.newPage()
    await seen.goto(page.url())
    const { scroll, client } = (await seen.evaluate(
      '({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth })',
    )) as { scroll: number; client: number }
    expect(scroll, `${name} scrolls sideways at ${width}`).toBeLessThanOrEqual(client)
    await seen.evaluate('for (const each of document.querySelectorAll("details")) each.open = true')
    await seen.evaluate(axe.source)
    const { violations } = (await seen.evaluate('axe.run()')) as axe.AxeResults
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
      `${name} at ${width}`,
    ).toEqual([])
    if (screenshots) {
      mkdirSync(screenshots, { recursive: true })
      const path = join(screenshots, `${name}-${width}-${colorScheme}.png`)
      await seen.screenshot({ path, fullPage: true })
    }
    await viewer.close()
  }

  return {
    page,
    async look(name) {
      await lookAt(name, 1200, 'light')
      await lookAt(name, 390, 'dark')
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}
