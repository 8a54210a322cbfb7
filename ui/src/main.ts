/** The window's beginning: words, colours, routes, and then the frame. */
import { VueQueryPlugin } from '@tanstack/vue-query'
import ElementPlus from 'element-plus'
import 'element-plus/dist/index.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import { createApp } from 'vue'
import App from './App.vue'
import { queryClient } from './api/queries'
import { i18n } from './i18n'
import { router } from './router'
import './tokens.css'

createApp(App).use(i18n).use(router).use(VueQueryPlugin, { queryClient }).use(ElementPlus).mount('#app')
