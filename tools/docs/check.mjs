// Checks a built site: each fragment of a link exists, and no page loads anything from elsewhere.
import { readFileSync, readdirSync } from 'node:fs'
import { join, dirname, posix } from 'node:path'

const root = process.argv[2]
const pages = new Map()
for (const entry of readdirSync(root, { recursive: true })) {
  if (entry.endsWith('.html')) pages.set('/' + entry, readFileSync(join(root, entry), 'utf8'))
}
const faults = []
let links = 0
for (const [path, html] of pages) {
  for (const [, url] of html.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="(https?:[^"]*|\/\/[^"]*)"/g)) {
    faults.push(`${path} loads ${url}`)
  }
  for (const [, href] of html.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)) {
    if (/^[a-z]+:/.test(href)) continue
    const [target, fragment] = href.split('#')
    let page = target === '' ? path : posix.resolve(dirname(path), target)
    if (target.endsWith('/')) page = posix.join(page, 'index.html')
    links++
    if (/\.(svg|png|json)$/.test(page)) continue
    const found = pages.get(page) ?? pages.get(page + '.html')
    if (found === undefined) faults.push(`${path} leads to ${href}, which is not there`)
    else if (fragment && !found.includes(`id="${decodeURIComponent(fragment)}"`)) {
      faults.push(`${path} leads to ${href}, which has no such part`)
    }
  }
}
faults.forEach((fault) => console.log(fault))
console.log(`${pages.size} pages, ${links} links, ${faults.length} faults`)
process.exit(pages.size > 40 && links > 500 && faults.length === 0 ? 0 : 1)
