import { expect, test } from 'vitest'
import { connectionOf } from './connection.ts'

const URL = 'postgres://app:p%40ss@host:5432/db'

test('leaves an address without options as it is', () => {
  expect(connectionOf(URL)).toEqual({ connectionString: URL })
  expect(connectionOf(`${URL}?sslmode=require`, '-c jit=off')).toEqual({
    connectionString: `${URL}?sslmode=require`,
    options: '-c jit=off',
  })
})

test('keeps the options of an address, before its own', () => {
  expect(connectionOf(`${URL}?options=-c%20datestyle%3DGerman&sslmode=require`, '-c datestyle=ISO')).toEqual({
    connectionString: `${URL}?sslmode=require`,
    options: '-c datestyle=German -c datestyle=ISO',
  })
  expect(connectionOf(`${URL}?options=-c%20geqo%3Doff`)).toEqual({ connectionString: URL, options: '-c geqo=off' })
})

test('is not misled by a password or another parameter', () => {
  const misleading = 'postgres://app:options=@host/db?my_options=1'
  expect(connectionOf(misleading, '-c jit=off')).toEqual({ connectionString: misleading, options: '-c jit=off' })
})
