import { launch } from '../run/launch.ts'
import { start } from './start.ts'

launch(process, start)
