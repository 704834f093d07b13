import DefaultTheme from 'vitepress/theme-without-fonts'
import './variables.css'

export default DefaultTheme
