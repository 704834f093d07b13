// Checks a built site: each fragment of a link exists, and no page loads anything from elsewhere. (VitePress looks for
// the pages themselves.)
import { readFileSync, readdirSync } from 'node:fs'

const root = process.argv[2]
const files = readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.html'))
const pages = new Map(files.map((name) => ['/' + name, readFileSync(`${root}/${name}`, 'utf8')]))
const faults = []
let links = 0
for (const [path, html] of pages) {
  for (const [, url] of html.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="(https?:[^"]*|\/\/[^"]*)"/g)) {
    faults.push(`${path} loads ${url}`)
  }
  for (const [, target, fragment] of html.matchAll(/<a\b[^>]*\bhref="([^"#:]*)#([^"]+)"/g)) {
    const page = pages.get(target.replace(/\/$/, '/index.html') || path)
    links++
    if (!page?.includes(`id="${decodeURIComponent(fragment)}"`)) faults.push(`${path} leads to ${target}#${fragment}`)
  }
}
console.log([...faults, `${pages.size} pages, ${links} fragments, ${faults.length} faults`].join('\n'))
process.exit(pages.size > 40 && links > 500 && faults.length === 0 ? 0 : 1)
