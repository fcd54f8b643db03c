/**
 * Words and made-up names of the kind that people give to domains, in a handful of languages: what the character
 * model learns its letter pairs from. Only the letters matter, so no word has to be in fashion or still in use.
 */
export const ORDINARY_WORDS = `
about abroad academy access account accounts action active adapter address admin adventure advert advice agency agenda
agent air alarm album alert alliance alpha alpine amateur amber analytics ancient android angel animal answer antenna
anthem apache apartment apollo apple application apply april arcade archive arctic arena arrow article artist asset
assist atlantic atlas atom auction audio august author auto autumn avenue aviation award azure baby backup bakery balance
balloon bamboo banana band bank banner barber bargain barrel basic basket battery beach beacon bear beauty bedroom belief
benefit berlin best better beyond bicycle big billing binary bird birthday bitter black blanket blog blood blossom blue
board boat body bold bonus book booking boost border boston bottle bottom bound boutique bowl box boy brain branch brand
brave bread break breeze brick bridge bright brother browser bubble bucket budget buffalo build builder building bullet
bundle burger business butter button buyer cabin cable cache cactus cafe calendar camera camp campaign campus canada
candle candy canvas capital captain capture carbon card care career cargo carpet carrier cart cartoon cascade cash castle
casual catalog category cave cedar cell center central century ceramic chain chair challenge chamber champion change
channel chapter charge charity chart chat cheap check cheese chef chemist cherry chess chicago chicken child china
chocolate choice church cinema circle circuit citizen city civil claim class classic clean clear clever click client
climate climb clinic clock close cloth cloud club coach coast cobalt coconut code coffee coin cold collection college
color column comfort comic comment commerce common community company compare compass complete computer concept concert
condition conference config connect console consult contact container content contest control convert cookie copper copy
coral core corner corporate correct cosmos cottage cotton council country coupon course court cover cowboy craft crane
crazy cream create credit cricket crimson critic cross crowd crown cruise crystal culture currency custom customer cycle
daily dance dark dashboard data database dating dawn deal dealer debate decade december decor deep default defense degree
deliver delta demand dental deploy depot desert design desk desktop detail detect develop device dialog diamond dictionary
diet digital dinner direct director directory discount discover discuss disk display distance district diverse dock
doctor document dollar dolphin domain door double download dragon drama dream dress drive driver dropbox drum dynamic
eagle early earth east easy echo eclipse economy edge edit edition editor education effect eight elastic elder electric
element elephant eleven elite email ember emerald emotion empire employ enable energy engine engineer english enjoy
enterprise entry envelope epic equal equipment error escape essay estate eternal europe event ever evolution exact
example excel exchange exclusive exhibit exotic expert explore export express extra fabric face factor factory fair faith
falcon family famous fantasy farm fashion fast father favorite feature federal feed fellow festival fiber fiction field
fifty fight figure file film filter final finance find finger fire firefox first fish fitness flag flame flash fleet
flex flight floor florida flower fluid flying focus folder follow food football force forest forever forge form formula
fortune forum forward fossil foster found foundation fountain fox frame france free freedom french fresh friend front
frost fruit fuel full function fund funny furniture fusion future galaxy gallery game gaming garage garden gate gateway
gather general generic genius gentle german ghost giant gift ginger girl give glacier glass global glory glow gold golden
golf good goose gourmet government grace grade grain grand granite graph grass gravity great green grid ground group grow
guard guest guide guild guitar gulf habit hammer hand handle happy harbor hard harmony harvest hawk health heart heat
heaven heavy hello help herald heritage hero hidden high highland highway hill history hobby holiday holly home honest
honey honor hood hope horizon horse hospital host hosting hot hotel hour house hover human humor hundred hunter hybrid
iceberg icon idea ideal image imagine impact import impress improve inch include income index indigo indoor industry
infinity info inside insight inspire install instant institute insurance integer intel inter interior internal internet
invest invite iron island item ivory jacket jaguar january japan jazz jelly jersey jewel job join journal journey jump
junior jungle jupiter justice keeper kernel kettle keyboard kids kind king kingdom kitchen kiwi knight knowledge label
labor ladder lady lake lamp land landing language laptop large laser latin launch laundry lavender lawyer leader leaf
league learn leather legacy legal legend lemon lens letter level liberty library license life lift light lightning like
lime limit line link lion liquid list listen little live liver living load loan local lock lodge logic login london long
look lotus loud love lucky lumber lunar lunch luxury machine magazine magic magnet mail main major maker mango manor map
maple marble march marine mark market marketing marriage mars master match material math matrix matter maximum meadow
measure meat media medical medicine meeting mega member memory mentor menu merchant mercury merge message metal meteor
meter method metric metro micro middle midnight mile military milk mill million mind mineral mini minister minute mirror
mission mobile model modern module moment monday money monitor monkey monster month moon morning mortgage mosaic mother
motion motor mount mountain mouse movie multi museum music mystery mystic name nation national native nature naval nebula
neon network neutral news nexus nice night noble nordic normal north nothing notice notify nova november novel nuclear
number nurse oasis object ocean october office official offline oil olive omega online open opera operator optic option
oracle orange orbit orchid order organic origin osprey other outdoor outlet outlook output oxford oxygen ozone pacific
package packet page paint pair palace palm panda panel panther paper paradise parent paris park parking partner party
passage passion password past pasta patch path patient pattern payment peace peach peak pearl pencil penguin people
pepper perfect perform permit person phantom phoenix phone photo physics piano picture piece pilot pine pink pioneer pipe
pirate pixel pizza place plain plan planet plant plaster plastic plate platform platinum play player plaza please plus
pocket podcast poem point polar police policy polish poll pool popular portal portrait position possible post poster
potato power practice premier premium present press prestige price pride prime print printer prism privacy private
problem process product profile profit program progress project promise proof property protect proton provide proxy
public publish pulse pump punch purchase pure purple puzzle python quality quantum quarter queen quest question quick
quiet quote rabbit race radar radio rail rain rainbow ranch random range ranger rapid raven reader ready real reality
recipe record recover red reform refresh region register relay release relief remote render rent repair report request
rescue research reserve resort resource respond rest result retail return review reward rhythm ribbon rich ride right
ring rise river road robin robot rock rocket roller roman romance roof room root rose rough round route royal ruby rugby
rural russia saddle safari safe safety sail salad sale salmon salon sample sand sapphire saturn sauce save scale scan
scene schedule scheme school science scope score scout screen script scroll search season seat second secret section
secure security seed select seller senate senior sense sentence sequence series serve server service session settle
seven shadow shape share shark sharp sheet shelf shell shield shift ship shipping shirt shoe shop shopping short show
shuttle side sierra sign signal silent silicon silk silver simple single sister site size sketch skill skin sky
skyline slate sleep slice slide slim slope slow small smart smile smoke smooth snake snap snow soccer social society soft
software soil solar soldier solid solo solution sonic soul sound source south space spain spark speak special speech
speed spice spider spin spiral spirit split sponsor sport spot spring sprint square stable stack stadium staff stage
stamp standard star start state static station status steam steel stem step stereo stone stop storage store storm story
strange strategy stream street strike string strong structure student studio study style submit success sugar suit
summer summit sunday sunny sunset super supply support sure surface surgery surprise survey survive swallow sweet swift
swim swing switch symbol syntax system table tablet tactic tail talent talk tango target taste tavern taxi teacher team
tech technical technology telegram telephone telescope television temple tennis term terminal terra test texas textile
theater theme theory therapy thing think third thousand thread three thunder ticket tiger timber time tiny tiptop titan
title toast today token tomato tomorrow tone tonight tool topic torch total touch tour tourist tower town toy track
tracker trade tradition traffic trail train transfer transit translate transport trash travel treasure treat tree trend
trial tribe tribune trick trigger trip triple trophy tropical truck true trust truth tube tulip tunnel turbo turtle tutor
twelve twin twist type typical ultimate ultra umbrella uncle under union unique unit united unity universe university
unlimited update upgrade upload urban useful user utility vacation valley value vampire vanilla vault vector vegan
velocity velvet vendor venture venus version vertical victor victory video view village vintage violet violin virtual
virus vision visit vista visual vital vivid voice volume voyage wagon walker wall wallet walnut want warehouse warm
warrior wash watch water wave wealth weapon weather web webcam website wedding week weekend welcome wellness west western
whale wheat wheel whisper white whole wide wiki wild will window wine winner winter wire wisdom wish witness wizard wolf
woman wonder wood wool word work worker workflow workshop world worth wrap write writer yacht yard year yellow yoga
young youth zebra zenith zero zone zoom
abend arbeit ausbildung bahn bauer berg bild blume brief bruder buch bund deutsch dienst druck eisen energie erde fahrt
farbe fenster feuer firma fisch frau freund garten gemeinde gesundheit glas haus heimat herz himmel hund kaufen kinder
kirche koch kraft kunst land leben licht liebe luft markt meister mensch milch mutter nachricht natur netz pferd platz
preis recht reise ring schiff schloss schmidt schnee schule schwarz sommer spiel sprache stadt stein strasse stunde
tag technik tier verein verlag versicherung vogel wagen wald wasser welt werk wetter wind winter wirtschaft wohnung
zeit zeitung zentrum zimmer zucker zukunft
accueil achat agence ami amour annonce argent atelier avenir avocat banque beau bonheur bonjour boulanger bureau cadeau
campagne carte chambre chanson chateau chemin cheval ciel coeur cours cuisine dame demain enfant entreprise equipe
espace fenetre fete fleur fromage gare histoire immobilier jardin jeu jour journal lait livre loisir lune madame maison
marche mariage meilleur mer monde montagne musee musique nature neige nouveau nuit oiseau papier parfum petit plage poisson
porte pouvoir province rouge route sante semaine soleil sucre temps theatre tourisme vacances vente vert vie ville
voiture voyage
abogado agua alegria amigo amor arte azul banco barrio blanco bonito caballo calle camino campo cancion carne casa cielo
ciudad cocina coche comida compra correo corazon deporte dinero diseno empresa escuela espana estrella familia feliz
fiesta flor fuego futbol gente gobierno gracias grande guapa hermano hijo historia hola hombre hotel iglesia isla jardin
juego libro luna luz madera madre manana mercado mujer mundo musica naranja negocio noche noticia nuevo oro padre pais
palabra pan parque pelicula pequeno perro playa plaza precio primavera pueblo puerta queso regalo reino reloj rio rojo
salud seguro semana servicio siglo sol tienda tierra todo trabajo turismo vecino verano verde viaje vida viejo vino zapato
albero amico arancia azienda bambino bella bianco calcio camera cavallo centro cibo citta cuore domani donna festa
figlio fiore fiume fuoco gatto giallo giardino giornale giorno gioco lavoro libro luna mare mercato mondo montagna moglie
negozio notte nuovo oggi pane paese parola pesce piazza porta prezzo ragazzo regina rosso scuola sempre signora sole
spiaggia stella strada terra uomo vento viaggio vita vino
aardappel bedrijf bericht bloem boek brood dag deur dier fiets gezond geld goed groen grond huis jaar kaas kamer kind
klant koning leven markt meisje melk mens morgen muziek natuur nieuws ochtend paard prijs reis school spel stad straat
straat tafel tijd tuin vader verkoop vriend vrouw water weg wereld werk winkel zee zomer
abrigo amanha banho bola cabelo cachorro cadeira caminho carro cidade coracao corpo dinheiro dia escola filho floresta
gosto homem igreja janela jogo lindo loja mae manha menina mesa mulher mundo noite novo obrigado olho palavra pedra porta
praia rapaz rua saude senhor sonho tempo trabalho verao viagem vizinho
arvid barn blomma bok dag flicka fjord folk gata glad hav himmel hus jord katt kung kvinna land liv mat morgon mor natt
norsk ord pojke skog skola sol sommar spel stad sten svensk tid vatten vinter vuxen
bolshoi dom gorod kniga kremlin lada mir moskva narod nebo nochka ogon polska pravda reka rossiya ruski sport utro vesna
voda vostok vremya yandex zima zdrowie zloto praca miasto kobieta ludzie nowy szkola czas dzien morze ogrod
aoyama arigato fuji hana hikari kaze kimono kyoto matsu midori mizu momo nagoya nihon ninja osaka sakura samurai sensei
shinjuku sora sushi takara tanaka tokyo tsunami umi yama yoshi yuki
beijing changsha chongqing dalian guangzhou hangzhou huawei jiangsu jinan kunming lanzhou nanjing ningbo qingdao
shandong shanghai shenzhen sichuan suzhou taobao tencent tianjin wuhan xiamen xinhua yunnan zhejiang zhongguo weibo
baidu alibaba xiaomi meituan douyin hanoi saigon jakarta manila seoul busan samsung hyundai mumbai delhi bharat sharma
patel gupta singh kumar raja mehta istanbul ankara turkiye haber yeni dunya
admin api app assets auth backup beta blog cache cdn chat client cloud config data demo dev dns docs download edge email
events feed files forum ftp gateway git graph help host images img imap info intranet ldap live login logs mail media
metrics mobile monitor network news node office origin panel pop portal prod proxy public push relay remote search
secure server service settings shop sip smtp sso stage static stats status store stream support sync telemetry test time
track update upload user video voice vpn web webmail wiki windows www
google facebook amazon microsoft apple netflix twitter instagram linkedin github gitlab bitbucket wikipedia reddit ebay
paypal adobe oracle cisco intel nvidia lenovo dell siemens bosch philips nokia ericsson volvo toyota honda nissan mazda
renault peugeot citroen fiat ferrari porsche audi mercedes volkswagen adidas nike puma reebok lego nestle danone ikea
spotify skype zoom slack discord twitch tiktok snapchat pinterest tumblr flickr vimeo dailymotion wordpress drupal joomla
shopify magento stripe visa mastercard bitcoin ethereum coinbase binance booking airbnb expedia trivago ryanair lufthansa
uber lyft tesla debian ubuntu fedora gentoo redhat centos mozilla opera chrome chromium safari vivaldi python docker
kubernetes jenkins ansible terraform grafana prometheus elastic kibana mongo redis postgres mysql sqlite cloudflare akamai
fastly verizon vodafone telekom telefonica orange comcast akismet gravatar doubleclick criteo outbrain taboola hotjar
segment mixpanel amplitude sentry datadog zendesk salesforce hubspot mailchimp sendgrid dropbox evernote trello asana
notion figma canva wix squarespace godaddy namecheap hetzner scaleway linode digitalocean heroku vercel netlify
`;
