// The site's configuration for VitePress. tools/docs/pages.lua writes contents.json: the pages that it made.
import { readFileSync } from 'node:fs'

const made = JSON.parse(readFileSync(new URL('./contents.json', import.meta.url)))
const repository = process.env.DATAFOREST_REPOSITORY // where "Edit this page" leads, if it is known

const page = (name) => {
  const text = readFileSync(new URL(`../${name}.md`, import.meta.url), 'utf8')
  return { link: '/' + name, text: text.match(/^# (.*)/m)[1] }
}
const section = (text, names) => ({ text, items: names.split(' ').map(page) })

export default {
  title: 'dataforest',
  description: "A Lua client for NAVER Cloud Platform's Data Forest API",
  lang: 'en',
  base: process.env.DATAFOREST_DOCS_BASE || '/',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    sidebar: [
      section('Start', 'index installation tutorial first-session concepts'),
      section('Use', 'openresty recipes event-loops forest-as-code testing emulator'),
      section('Know', 'errors in-doubt credentials http troubleshooting faq comparison'),
      { text: 'Operations', items: [{ text: 'All operations', link: '/operations/' }, ...made.operations] },
      { text: 'Command line', collapsed: true, items: made.commands },
      { text: 'Reference', collapsed: true, items: made.reference },
      section('Project', 'design platforms bench contributing security migrating changelog'),
    ],
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Operations', link: '/operations/' },
      { text: 'Command line', link: '/command-line/' },
      { text: made.version, link: '/changelog' },
    ],
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          options: {
            // getKerberosKeytab and get_kerberos_keytab are found by their words, too.
            tokenize: (text) => {
              const words = text.split(/[^\p{L}\p{N}_]+/u).filter(Boolean)
              const parts = words.flatMap((word) => word.split(/_|(?<=[a-z0-9])(?=[A-Z])/))
              return [...new Set([...words, ...parts])].filter(Boolean)
            },
          },
          searchOptions: {
            prefix: true,
            fuzzy: (term) => term.length > 5 && 0.15,
            combineWith: 'AND',
            boost: { title: 5, titles: 3, text: 1 },
            // The page that a term names, then the guide, the operations, and the lists of everything.
            boostDocument: (id, term) =>
              (!/(reference|command-line)\//.test(id) && id.split('#')[0].includes(term) ? 6 : 1) *
              (/operations\//.test(id) ? 1.5 : /reference\//.test(id) ? 0.4 : /(command-line|changelog|design|bench)/.test(id) ? 0.6 : 2),
          },
        },
      },
    },
    editLink: repository ? { pattern: `${repository}/edit/main/docs/:path` } : undefined,
  },
}
