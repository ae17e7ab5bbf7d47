/** Preloaded into a program under test: its clock is so many milliseconds behind. */
const behind = Number(process.env.TEST_CLOCK_BEHIND ?? 0)
const now = Date.now

Date.now = () => now() - behind
globalThis.Date = new Proxy(Date, {
  construct: (date, args, type) => Reflect.construct(date, args.length === 0 ? [date.now()] : args, type),
})
