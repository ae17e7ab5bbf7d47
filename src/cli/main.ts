#!/usr/bin/env node
import { launch } from './launch.ts'

launch(process)
