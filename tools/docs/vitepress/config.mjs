// The site's configuration for VitePress. The table of contents is written by tools/docs/pages.lua.
import { readFileSync } from 'node:fs'

const contents = JSON.parse(readFileSync(new URL('./contents.json', import.meta.url)))
const repository = process.env.DATAFOREST_REPOSITORY // where "Edit this page" leads, if it is known

export default {
  title: 'dataforest',
  description: "A Lua client for NAVER Cloud Platform's Data Forest API",
  lang: 'en',
  base: process.env.DATAFOREST_DOCS_BASE || '/',
  cleanUrls: false,
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    sidebar: contents.sidebar,
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Operations', link: '/operations/' },
      { text: 'Command line', link: '/command-line' },
      { text: contents.version, link: '/changelog' },
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
              (!/reference\//.test(id) && id.split('#')[0].includes(term) ? 6 : 1) *
              (/operations\//.test(id) ? 1.5 : /reference\//.test(id) ? 0.4 : /(command-line|changelog|design|bench)/.test(id) ? 0.6 : 2),
          },
        },
      },
    },
    editLink: repository ? { pattern: `${repository}/edit/main/docs/:path` } : undefined,
  },
}
