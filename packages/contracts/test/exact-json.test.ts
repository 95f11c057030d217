import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExactJson } from '../src/index.js'

test('it reads what JSON.parse reads', () => {
  const spaced = fc.tuple(fc.json({ stringUnit: 'binary' }), fc.constantFrom('', ' ', '\n\t'))
  fc.assert(
    fc.property(spaced, ([text, space]) => {
      const laidOut = space === '' ? text : JSON.stringify(JSON.parse(text), null, space)
      if (/__proto__/.test(laidOut)) return
      expect(JSON.stringify(parseExactJson(laidOut))).toBe(JSON.stringify(JSON.parse(laidOut)))
    }),
  )
})

test.each([
  [
    '{"id":6000000000000002181}',
    'the body.id is 6000000000000002181, which would become 6000000000000002000: send it as text',
  ],
  ['[[0, -9007199254740993]]', 'the body[0][1] is -9007199254740993'],
  ['{"a":{"b":[{}, {"c" : 9007199254740995 }]}}', 'the body.a.b[1].c is 9007199254740995'],
  ['1152921504606846976', 'the body is 1152921504606846976, which would become 1152921504606847000'],
  ['12345678901234567890', 'the body is 12345678901234567890'],
  ['{"a":1e400}', 'the body.a is 1e400, which is more than any number'],
  ['{"a":-1.5E+999}', 'the body.a is -1.5E+999'],
  ['{"a":1,"b":{"a":2},"a":3}', 'the body.a stands there twice'],
  ['[{"a":1,"\\u0061":2}]', 'the body[0].a stands there twice'],
  ['{"x":{"__proto__":{"admin":true}}}', 'the body.x.__proto__ cannot be the key of an object'],
  ['{"\\u005f_proto__":1}', 'the body.__proto__ cannot be the key of an object'],
  [`[${'9'.repeat(5_000)}]`, `the body[0] is ${'9'.repeat(40)}…`],
])('what would be changed is refused by its path: %s', (text, message) => {
  expect(() => parseExactJson(text, 'the body')).toThrow(TypeError)
  expect(() => parseExactJson(text, 'the body')).toThrow(message)
})

test.each([
  ['{"a":"6000000000000002181, \\"9007199254740993\\\\"}', { a: '6000000000000002181, "9007199254740993\\' }],
  [
    '[9007199254740992,-9007199254740991,100000000000000000000,0.1000000000000000055,1E-400]',
    [2 ** 53, 1 - 2 ** 53, 1e20, 0.1, 0],
  ],
  ['{"6000000000000002181":[{"a":1},{"a":2}],"a":{}}', { '6000000000000002181': [{ a: 1 }, { a: 2 }], a: {} }],
])('what only looks like it is read: %s', (text, value) => {
  expect(parseExactJson(text)).toEqual(value)
})

test('the zero below zero comes as it was written', () => {
  expect(Object.is(parseExactJson('-0'), -0)).toBe(true)
})

test.each(['', '{', '{"a":1,}', '01', '9007199254740993 9', '{"a":9007199254740993', 'NaN', '[1,,2]'])(
  'what is no JSON is a SyntaxError: %s',
  (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError)
  },
)

test('what is nested deeper than any stack is read as well', () => {
  const depth = 5_000
  expect(() => parseExactJson('['.repeat(depth) + '9007199254740993' + ']'.repeat(depth))).toThrow(TypeError)
})
