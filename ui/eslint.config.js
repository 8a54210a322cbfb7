import i18n from '@intlify/eslint-plugin-vue-i18n'
import vue from 'eslint-plugin-vue'
import typescript from 'typescript-eslint'

export default typescript.config(
  { ignores: ['dist', 'node_modules', 'src/api/generated', '**/*.json'] },
  ...typescript.configs.strict,
  ...vue.configs['flat/recommended'],
  ...i18n.configs.recommended,
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
  },
  {
    rules: {
      // Prettier decides how lines are broken.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multi-word-component-names': 'off',
      // The wording is TypeScript and checked by it; the plugin only guards against literal text.
      '@intlify/vue-i18n/no-missing-keys': 'off',
      '@intlify/vue-i18n/no-deprecated-modulo-syntax': 'off',
      '@intlify/vue-i18n/no-html-messages': 'off',
      '@intlify/vue-i18n/valid-message-syntax': 'off',
      '@intlify/vue-i18n/no-raw-text': [
        'error',
        { ignorePattern: '^[-–—·:：/×→|()%#…,.;∥\\s\\d]+$' },
      ],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@tauri-apps/*'], message: 'only src/platform knows Tauri' }] },
      ],
    },
  },
  { files: ['src/platform/**'], rules: { 'no-restricted-imports': 'off' } },
)
