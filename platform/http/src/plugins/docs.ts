import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { ErrorDescriptions } from '@taskflow/kernel'
import type { FastifyInstance } from 'fastify'

/** Allows the inline styles and data URLs of Swagger UI. Everything else must come from this server. */
const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const ERRORS_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const INTRODUCTION = `Submit tasks, observe them and control them.

Times are ISO 8601 in UTC. Durations are in milliseconds. Errors are \`application/problem+json\` with a stable
\`code\`: see [the list of codes](/docs/errors). The API rejects unknown fields and parameters.`

/** Collects the schemas of all routes that are registered afterwards. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  const bodiless = new Set<string | undefined>()
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'TaskFlow', version, description: INTRODUCTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/' }],
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key' } } },
      security: [{ apiKey: [] }],
    },
    // Keeps the names of schemas in the document.
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema${index}`) },
    transform: ({ schema, url, route }) => {
      const { permission, isBodyOptional } = route.config ?? {}
      if (isBodyOptional) bodiless.add((schema as { operationId?: string }).operationId)
      return { url, schema: { ...schema, ...(permission && { 'x-permission': permission }) } }
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      markOptionalBodies(document.openapiObject.paths ?? {}, bodiless)
      return document.openapiObject
    },
  })
}

/** Marks optional bodies, because the plugin marks every body as required. */
function markOptionalBodies(paths: object, bodiless: ReadonlySet<string | undefined>): void {
  for (const { post } of Object.values(paths) as Described[])
    if (post?.requestBody && bodiless.has(post.operationId)) post.requestBody.required = false
}

interface Described {
  readonly post?: { readonly operationId?: string; readonly requestBody?: { required?: boolean } }
}

/**
 * Serves GET /openapi.json, /docs and /docs/errors without authentication. The pages load nothing from other servers.
 */
export async function serveDocs(app: FastifyInstance, errors: ErrorDescriptions): Promise<void> {
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CSP,
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true, persistAuthorization: false },
    theme: {
      title: 'TaskFlow API',
      // The bar shows the name of Swagger and a field for other documents.
      css: [{ filename: 'taskflow.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.get('/docs/errors', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', ERRORS_CSP).send(errorsPage(errors)),
  )
}

function errorsPage(errors: ErrorDescriptions): string {
  const rows = Object.entries(errors).map(
    ([code, { status, title, hint }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td><td>${html(hint)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TaskFlow errors</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}
td,th{text-align:left;vertical-align:top;padding:.4rem .8rem;border-bottom:1px solid #8884}
:target{background:#fc06}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}</style></head>
<body><h1>Errors</h1><p>Every error reply has one of these codes. The meaning of a code never changes.</p>
<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>What to do</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></body></html>`
}

const html = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>')
