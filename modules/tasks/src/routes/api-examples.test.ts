import { useApi } from '@taskflow/testing/given-api'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'

const given = useApi()

interface Found {
  readonly schema: object
  readonly example: unknown
}

/** Finds every example in the OpenAPI document: beside the schema of a body, and within a schema. */
function examplesIn(node: unknown): Found[] {
  if (typeof node !== 'object' || node === null) return []
  const { schema, example, examples, ...rest } = node as Record<string, unknown>
  return [
    ...(example !== undefined && schema ? [{ schema, example }] : []),
    ...(Array.isArray(examples) ? examples.map((each: unknown) => ({ schema: rest, example: each })) : []),
    ...[schema, ...Object.values(rest)].flatMap(examplesIn),
  ]
}

test('each example in the OpenAPI document matches its schema', async () => {
  const { text } = await given.call('GET', '/openapi.json')
  const document = JSON.parse(text.replaceAll('"#/components/', '"api#/components/')) as object
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'api')
  const found = examplesIn(document)
  expect(found.length).toBeGreaterThan(10)
  for (const { schema, example } of found) {
    const validate = ajv.compile(schema)
    expect({ example, errors: validate(example) ? null : validate.errors }).toEqual({ example, errors: null })
  }
})
